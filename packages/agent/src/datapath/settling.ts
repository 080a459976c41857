import { type Generation, isUnsettled } from '@evenkeel/flow/maglev/generations.ts';
import { type SlotAges, Unsettled } from '@evenkeel/flow/maglev/unsettled.ts';
import { sinceIn, type ToldAges } from './told-ages.ts';

/** A table is swapped for that no more often than this, in milliseconds; also the time until what failed is tried again. */
const AT_MOST_EVERY = 1_000;
/** What a timer of Node takes. */
const LONGEST = 2 ** 31 - 1;

export interface SettlingOptions {
  /** How long flows may be silent before they are dead, in milliseconds: asked anew each time. */
  readonly delay: () => number;
  /** Slots have had their time. `look` is to be told of the table that they have settled in. */
  readonly due: () => void;
  /** Milliseconds that go on whatever the date is. */
  readonly now: () => number;
}

/**
 * When the slots of one table settle: a delay after each has left the target that it had settled at, so nodes that have
 * seen the same change settle at the same time. A table that was found unsettled has its time from then on, unless another
 * node tells how long it has been so.
 */
export class Settling {
  readonly #options: SettlingOptions;
  #unsettled: Unsettled | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** Takes in the table that is in force. `isFound`: what is new in it has changed some time before, nobody here knows when. */
  look(table: Generation, isFound = false): void {
    if (this.#unsettled === null && !table.some(isUnsettled)) return;
    this.#unsettled ??= new Unsettled();
    this.#unsettled.look(table, this.#options.now(), isFound);
    this.wait();
  }

  /** For other nodes; null: all slots are settled. */
  get ages(): SlotAges | null {
    return this.#unsettled?.ages(this.#options.now()) ?? null;
  }

  /** Since when slots of the table in force have been unsettled that were found so, as another node has seen it. */
  recall(table: Generation, told: ToldAges | null): void {
    if (this.#unsettled === null || told === null) return;
    this.#unsettled.recall(sinceIn(table, told));
    this.wait();
  }

  /** Calls `due` when the next slots are; also for those that are not settled after they were due. */
  wait(): void {
    this.stop();
    const oldest = this.#unsettled?.oldest ?? null;
    if (oldest === null) {
      this.#unsettled = null;
      return;
    }
    const left = oldest + this.#options.delay() - this.#options.now();
    this.#timer = setTimeout(this.#options.due, Math.min(LONGEST, Math.max(AT_MOST_EVERY, left))).unref();
  }

  /** Slots that have had their time. */
  get isDue(): (slot: number) => boolean {
    const time = this.#options.now() - this.#options.delay();
    return (slot) => this.#unsettled?.isDue(slot, time) ?? false;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
