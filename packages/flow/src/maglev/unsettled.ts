import { type Generation, isUnsettled } from './generations.ts';
import { SLOTS } from './slots.ts';

/** Times that are told apart; changes beyond them count as of the last one, so their slots settle later. */
const TIMES = 255;

/**
 * Since when each slot of a table has been unsettled, on any clock in milliseconds. Later changes of a slot do not count:
 * the flows that it still owes to its previous target are from before the first. 64 KiB.
 */
export class Unsettled {
  /** By slot, 1 + the index of its time; 0: it is settled. */
  readonly #since = new Uint8Array(SLOTS);
  #times: number[] = [];

  /** Takes in the table that is in force at `now`. */
  look(table: Generation, now: number): void {
    const used = new Set<number>();
    let added = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!isUnsettled(table[slot]!)) this.#since[slot] = 0;
      else if (this.#since[slot] === 0) this.#since[slot] = added ||= this.#add(now);
      if (this.#since[slot] !== 0) used.add(this.#since[slot]!);
    }
    if (used.size < this.#times.length) this.#keepOnly(used);
  }

  /** Since when the slot that has waited for longest does; null: none does. */
  get oldest(): number | null {
    return this.#times[0] ?? null;
  }

  /** Slots that have been unsettled since `time` or before. */
  isDue(slot: number, time: number): boolean {
    const since = this.#since[slot]!;
    return since !== 0 && this.#times[since - 1]! <= time;
  }

  /** The same time twice is one. */
  #add(now: number): number {
    if (this.#times.length === TIMES) this.#times[TIMES - 1] = now;
    else if (this.#times.at(-1) !== now) this.#times.push(now);
    return this.#times.length;
  }

  #keepOnly(used: ReadonlySet<number>): void {
    const order = [...used].sort((a, b) => a - b);
    const renamed = new Map(order.map((since, index) => [since, index + 1]));
    this.#times = order.map((since) => this.#times[since - 1]!);
    for (let slot = 0; slot < SLOTS; slot++) this.#since[slot] = renamed.get(this.#since[slot]!) ?? 0;
  }
}
