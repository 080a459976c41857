/** Words of shared memory that one bucket takes. */
export const BUCKET_WORDS = 2;

/** Clocks of threads differ by less than this, in milliseconds; one that is further behind has gone round (2^31 ms). */
const SKEW = 1_000;

/**
 * So many tokens a second, of which one second's worth is kept, for all threads that share the memory. At most `rate`
 * tokens are taken in the long run, and at most `rate * (t + 1)` within any t seconds; exactly as many as are there are
 * given, whoever asks.
 *
 * words[at] are the tokens that are left, words[at + 1] the millisecond up to which they have been filled. What has been
 * due up to a moment is floor(moment * rate), and what is added the difference of two of those, so that no fraction is
 * ever lost.
 */
export class TokenBucket {
  readonly #words: Int32Array;
  readonly #at: number;

  /** Memory of zeros is a bucket that has never been used, and full. */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Takes one token; false: there is none. `now`: milliseconds of a clock that all threads share. */
  take(rate: number, now: number): boolean {
    const words = this.#words;
    const at = this.#at;
    this.#fill(rate, Math.floor(now));
    for (let tokens = Atomics.load(words, at); tokens > 0; ) {
      const found = Atomics.compareExchange(words, at, tokens, tokens - 1);
      if (found === tokens) return true;
      tokens = found;
    }
    return false;
  }

  #fill(rate: number, now: number): void {
    const words = this.#words;
    const filledAt = this.#at + 1;
    const last = Atomics.load(words, filledAt);
    const elapsed = ((now | 0) - last) | 0;
    if (elapsed <= 0 && elapsed > -SKEW) return;
    // Whoever moves the time on adds what was due in between.
    if (Atomics.compareExchange(words, filledAt, last, now | 0) !== last) return;
    const isFresh = last === 0 || elapsed < 0;
    const due = isFresh ? rate : Math.floor((now * rate) / 1_000) - Math.floor(((now - elapsed) * rate) / 1_000);
    for (let tokens = Atomics.load(words, this.#at); ; ) {
      const found = Atomics.compareExchange(words, this.#at, tokens, Math.min(rate, tokens + due));
      if (found === tokens) return;
      tokens = found;
    }
  }
}
