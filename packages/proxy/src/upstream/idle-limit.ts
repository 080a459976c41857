/** What is assumed of a target of which nothing is known: the usual servers wait for 5 s and more. Milliseconds. */
const ASSUMED = 5_000;

/** No target is trusted to keep a connection for longer than this, whatever it says. */
const LONGEST = 60_000;

/** Below this a connection is hardly ever used again. */
const SHORTEST = 50;

/** The proxy lets go so much before the target would: a share of the limit, and what a slow network may take at most. */
const MARGIN_SHARE = 0.2;
const LONGEST_MARGIN = 1_000;

/** Up to this share of what a connection may be kept, it is good for a request that cannot be sent twice. */
const SAFE_SHARE = 0.5;

/** Connections that a target closes within this time are one event: a limit that several reach, or a restart. */
const EVENT = 1_000;

/** Events in a row that say less than what a connection has since outlived, before they are believed. */
const DOUBTS = 3;

/** Connections let go in a row that the target had not closed, before its limit is tried a little higher. */
const TRIES = 16;
const GROWTH = 1.25;

/**
 * How long one target keeps a connection on which nothing comes, as one worker has learned it: from what the target says
 * (`Keep-Alive: timeout`), and from how long connections had waited that it closed. Connections are let go before that,
 * so that no request meets one that is closing.
 *
 * A target that restarts closes its connections whatever their age. Of those that it closes together only the one that
 * had waited longest counts: at a limit they all have waited as long, at a restart that one has waited almost as long as
 * any. And what a connection has outlived is no limit, until several events say otherwise.
 *
 * Invariant: SHORTEST <= keepFor <= LONGEST. All times are in milliseconds.
 */
export class IdleLimit {
  #limit = ASSUMED;
  /** What the target says itself; 0: nothing. */
  #told = 0;
  #survived = 0;
  /** The longest that a connection has waited which then carried a request. */
  #outlived = 0;
  #doubts = 0;
  /** The event that is under way: its end, and the longest wait in it; 0: none. */
  #eventEnds = 0;
  #eventLongest = 0;

  /** How long a connection may wait for its next request. */
  keepFor(now: number): number {
    if (this.#eventEnds !== 0 && now >= this.#eventEnds) this.#judge();
    return Math.max(SHORTEST, this.#limit - Math.min(LONGEST_MARGIN, this.#limit * MARGIN_SHARE));
  }

  /** How long one may have waited that is to carry a request which could not be sent once more. */
  safeFor(now: number): number {
    return this.keepFor(now) * SAFE_SHARE;
  }

  /** The target says how long it waits. */
  told(milliseconds: number): void {
    const told = Math.min(LONGEST, Math.max(SHORTEST, milliseconds));
    if (told === this.#told) return;
    this.#told = this.#limit = told;
    this.#survived = this.#outlived = 0;
  }

  /** The target has closed a connection that had waited for so long. */
  closedAfter(milliseconds: number, now: number): void {
    if (this.#eventEnds !== 0 && now >= this.#eventEnds) this.#judge();
    if (this.#eventEnds === 0) this.#eventEnds = now + EVENT;
    this.#eventLongest = Math.max(this.#eventLongest, milliseconds);
  }

  /** A connection that had waited for so long has carried a request. */
  outlived(milliseconds: number): void {
    if (milliseconds <= this.#outlived) return;
    this.#outlived = milliseconds;
    this.#doubts = 0;
  }

  /** A connection was let go by this side at the end of its time: the target would have kept it for longer. */
  survived(): void {
    if (++this.#survived < TRIES) return;
    this.#survived = 0;
    const highest = this.#told > 0 ? this.#told : ASSUMED;
    this.#limit = Math.min(highest, this.#limit * GROWTH);
  }

  #judge(): void {
    const longest = this.#eventLongest;
    this.#eventEnds = this.#eventLongest = 0;
    this.#survived = 0;
    if (longest >= this.#limit) return;
    if (longest < this.#outlived && ++this.#doubts < DOUBTS) return;
    this.#doubts = this.#outlived = 0;
    this.#limit = Math.max(SHORTEST, longest);
  }
}
