import { type Generation, isUnsettled } from './generations.ts';
import { SLOTS } from './slots.ts';

/** Times that are told apart; changes beyond them count as of the last one, so their slots settle later. */
const TIMES = 255;

/** How long slots of a table have been unsettled, as one node tells others. */
export interface SlotAges {
  /** Milliseconds. */
  readonly ages: readonly number[];
  /** By slot, 1 + the index of its age; 0: it is settled. */
  readonly slots: Uint8Array;
}

/**
 * Since when each slot of a table has been unsettled, on any clock in milliseconds. Later changes of a slot do not count:
 * the flows that it still owes to its previous target are from before the first. 128 KiB.
 */
export class Unsettled {
  /** By slot, 1 + the index of its time; 0: it is settled. */
  readonly #since = new Uint8Array(SLOTS);
  #times: number[] = [];
  /** By slot, whether it was found unsettled, so that its time is that of a look and not of a change. */
  readonly #found = new Uint8Array(SLOTS);

  /** Takes in the table that is in force at `now`. `isFound`: what is new in it has not changed now, but some time before. */
  look(table: Generation, now: number, isFound = false): void {
    const used = new Set<number>();
    let added = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!isUnsettled(table[slot]!)) this.#since[slot] = 0;
      else if (this.#since[slot] === 0) {
        this.#since[slot] = added ||= this.#add(now);
        this.#found[slot] = Number(isFound);
      }
      if (this.#since[slot] !== 0) used.add(this.#since[slot]!);
    }
    if (used.size < this.#times.length) this.#keepOnly(used);
  }

  /** null: all are settled. */
  ages(now: number): SlotAges | null {
    if (this.#times.length === 0) return null;
    return { ages: this.#times.map((time) => now - time), slots: this.#since.slice() };
  }

  /** Slots that were found unsettled have been so since what is told of them, if that is earlier. */
  recall(told: (slot: number) => number | null): void {
    const times = Array.from(this.#since, (since, slot) => {
      if (since === 0) return null;
      const own = this.#times[since - 1]!;
      return this.#found[slot] === 0 ? own : Math.min(own, told(slot) ?? own);
    });
    const distinct = [...new Set(times)].filter((time) => time !== null).sort((a, b) => a - b);
    // With more of them, each stands for some before it: those slots settle later.
    const kept = Math.min(TIMES, distinct.length);
    this.#times = Array.from({ length: kept }, (_, index) => {
      return distinct[Math.ceil(((index + 1) * distinct.length) / kept) - 1]!;
    });
    const indexOf = new Map(distinct.map((time) => [time, 1 + this.#times.findIndex((one) => one >= time)]));
    for (const [slot, time] of times.entries()) this.#since[slot] = time === null ? 0 : indexOf.get(time)!;
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
