/**
 * How long a peer is waited for that has to keep up a rate. It may fall behind by `silence` milliseconds; each byte earns
 * back the time that it takes at that rate, and nothing beyond `silence` is saved up. So a peer of at least the rate may
 * go on for ever, one that is silent has `silence`, and one of half the rate twice that: bytes that are sent one by one
 * to keep a connection buy next to nothing.
 *
 * Invariant: now < until <= movedAt + silence, or patience is over.
 */
export class Pace {
  /** When patience is over, in milliseconds as in `Reactor.now`. */
  until = 0;
  #movedAt = 0;
  #silence = 0;

  /** The peer owes the next move from now on. */
  start(now: number, silence: number): void {
    this.#movedAt = now;
    this.#silence = silence;
    this.until = now + silence;
  }

  /** `bytes` (> 0) have moved; each is good for `perByte` milliseconds, without end when no rate is asked for. */
  moved(now: number, bytes: number, perByte: number): void {
    this.#movedAt = now;
    this.until = Math.min(this.until + bytes * perByte, now + this.#silence);
  }

  /** For so many milliseconds it was not the peer who was waited for. */
  excuse(milliseconds: number): void {
    this.#movedAt += milliseconds;
    this.until += milliseconds;
  }

  /** When patience is over: whether the peer has moved, but too slowly. */
  get wasSlow(): boolean {
    return this.until < this.#movedAt + this.#silence;
  }
}
