/** By how much the share of what is turned away changes with each measurement. */
const RISE = 0.1;
const FALL = 0.05;

/**
 * The share of new work that is turned away, so that the rest is done in time. It grows as long as the delay stands,
 * and shrinks, more slowly, when it does not: what is let in settles at what can be done.
 *
 * Invariant: 0 <= share <= MOST_SHED.
 */
export const MOST_SHED = 0.95;

export class Shedding {
  share = 0;
  #owed = 0;

  /** `tooLate`: the delay stands. */
  update(tooLate: boolean): void {
    this.share = tooLate ? Math.min(MOST_SHED, this.share + RISE) : Math.max(0, this.share - FALL);
    if (this.share < FALL / 2) this.share = 0;
  }

  /** Whether this one is turned away; evenly, one in 1 / share. `least`: the share that it is at least, 1 at most. */
  next(least = 0): boolean {
    this.#owed += Math.max(this.share, least);
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }
}
