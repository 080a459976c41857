import { BandwidthWord } from './bandwidth-memory.ts';

/** Clocks of threads differ by less than this, in milliseconds; one that is further behind has gone round (2^31 ms). */
const SKEW = 1_000;

/** Bytes that may go out, for all threads that share the memory: at most capacity + rate * t within any t seconds. */
export class ByteBucket {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Takes up to `most` bytes; returns how many. `rate`: bytes a second; `now`: milliseconds of a clock that all share. */
  takeUpTo(most: number, rate: number, capacity: number, now: number): number {
    const words = this.#words;
    this.fill(rate, capacity, now);
    for (let there = Atomics.load(words, BandwidthWord.bytes); there > 0; ) {
      const taken = Math.min(there, most);
      const found = Atomics.compareExchange(words, BandwidthWord.bytes, there, there - taken);
      if (found === there) return taken;
      there = found;
    }
    return 0;
  }

  /** Takes `count` bytes, or none. */
  takeAll(count: number, rate: number, capacity: number, now: number): boolean {
    const words = this.#words;
    this.fill(rate, capacity, now);
    for (let there = Atomics.load(words, BandwidthWord.bytes); there >= count; ) {
      const found = Atomics.compareExchange(words, BandwidthWord.bytes, there, there - count);
      if (found === there) return true;
      there = found;
    }
    return false;
  }

  giveBack(count: number): void {
    Atomics.add(this.#words, BandwidthWord.bytes, count);
  }

  /** Adds what has become due; returns what is there. */
  fill(rate: number, capacity: number, time: number): number {
    const words = this.#words;
    const now = Math.floor(time);
    const last = Atomics.load(words, BandwidthWord.filledAt);
    const elapsed = ((now | 0) - last) | 0;
    const isDue = elapsed > 0 || elapsed <= -SKEW;
    // Whoever moves the time on adds what was due in between.
    if (!isDue || Atomics.compareExchange(words, BandwidthWord.filledAt, last, now | 0) !== last) {
      return Atomics.load(words, BandwidthWord.bytes);
    }
    const isFresh = last === 0 || elapsed < 0;
    // The difference of two floors: no fraction is ever lost.
    const due = isFresh ? capacity : Math.floor((now * rate) / 1_000) - Math.floor(((now - elapsed) * rate) / 1_000);
    for (let there = Atomics.load(words, BandwidthWord.bytes); ; ) {
      const filled = Math.min(capacity, there + due);
      const found = Atomics.compareExchange(words, BandwidthWord.bytes, there, filled);
      if (found === there) return filled;
      there = found;
    }
  }
}
