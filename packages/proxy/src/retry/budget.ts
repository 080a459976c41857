/** Retries that a quiet time may save up. */
export const MOST_SAVED = 100;

/** Retries beyond the share that are paid back. */
const MOST_OWED = 30;

/** A retry in the unit of the bucket, so that a per cent of a request is a whole number. */
const RETRY = 100;

/** Requests of one worker that are put into the bucket at once. */
const BATCH = 64;

/** The retries of a second are counted up to here; `minimum` is at most that. */
const MOST_COUNTED = 255;

/** Of one service in shared memory: what is in the bucket; a second and the retries in it; retries that were refused. */
export type RetryBudgetMemory = Int32Array;
const Cell = { bucket: 0, second: 1, refused: 2 } as const;

export function newRetryBudget(): RetryBudgetMemory {
  return new Int32Array(new SharedArrayBuffer(Object.keys(Cell).length * Int32Array.BYTES_PER_ELEMENT));
}

/** Retries that were asked for and refused, by all workers. */
export function refusedRetries(memory: RetryBudgetMemory): number {
  return Atomics.load(memory, Cell.refused) >>> 0;
}

/**
 * Keeps the retries of a service, on all workers of the node together, to a share of its requests, so that targets that
 * are slow or failing are not asked more and more for it: each request puts `percent` hundredths of a retry into a bucket
 * that begins empty and holds `MOST_SAVED`. Beside it, `minimum` retries a second are allowed, whatever there was before,
 * for services with few requests: those that the bucket pays for count among them, and those that it does not pay for are
 * paid back by later requests, up to `MOST_OWED`. So at all times
 *
 *     retries <= requests × percent / 100 + seconds × minimum
 *
 * and with requests enough for the minimum, retries <= requests × percent / 100 + minimum.
 */
export class RetryBudget {
  readonly #memory: RetryBudgetMemory;
  readonly #percent: number;
  readonly #minimum: number;
  /** Requests that are not in the bucket yet. */
  #pending = 0;

  /** `percent` 0–100; `minimum` 0–255. */
  constructor(memory: RetryBudgetMemory, percent: number, minimum: number) {
    this.#memory = memory;
    this.#percent = percent;
    this.#minimum = Math.min(minimum, MOST_COUNTED);
  }

  /** A request has come. */
  onRequest(): void {
    if (++this.#pending === BATCH) this.#deposit();
  }

  /** Takes one retry out; false: there is none to be had. `now`: wall time, equal on all workers. */
  take(now: number): boolean {
    this.#deposit();
    const second = Math.floor(now / 1_000) & 0x7f_ffff;
    if (this.#withdraw()) {
      this.#countIn(second, MOST_COUNTED + 1);
      return true;
    }
    if (this.#countIn(second, this.#minimum)) {
      this.#owe();
      return true;
    }
    Atomics.add(this.#memory, Cell.refused, 1);
    return false;
  }

  #deposit(): void {
    const memory = this.#memory;
    const amount = this.#pending * this.#percent;
    this.#pending = 0;
    if (amount === 0) return;
    for (;;) {
      const before = Atomics.load(memory, Cell.bucket);
      const after = Math.min(before + amount, MOST_SAVED * RETRY);
      if (Atomics.compareExchange(memory, Cell.bucket, before, after) === before) return;
    }
  }

  #withdraw(): boolean {
    const memory = this.#memory;
    for (;;) {
      const before = Atomics.load(memory, Cell.bucket);
      if (before < RETRY) return false;
      if (Atomics.compareExchange(memory, Cell.bucket, before, before - RETRY) === before) return true;
    }
  }

  /** What the minimum has paid for, later requests pay back: the minimum is not on top of their share. */
  #owe(): void {
    const memory = this.#memory;
    for (;;) {
      const before = Atomics.load(memory, Cell.bucket);
      const after = Math.max(before - RETRY, -MOST_OWED * RETRY);
      if (Atomics.compareExchange(memory, Cell.bucket, before, after) === before) return;
    }
  }

  /** Counts one retry in this second, if there are fewer than `limit` in it. */
  #countIn(second: number, limit: number): boolean {
    const memory = this.#memory;
    for (;;) {
      const before = Atomics.load(memory, Cell.second);
      const count = before >>> 8 === second ? before & 0xff : 0;
      if (count >= limit) return false;
      const after = (second << 8) | Math.min(count + 1, MOST_COUNTED);
      if (Atomics.compareExchange(memory, Cell.second, before, after) === before) return true;
    }
  }
}
