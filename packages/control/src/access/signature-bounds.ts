/** Milliseconds by which a clock may be ahead and still count as right: `created` is in whole seconds. */
const RIGHT = 1_000;

/** The bound of all keys whose clocks are right. */
export const EVERY_KEY = '';

/** Until which time, in Unix milliseconds, signatures by a key may have been used; by the name of the key. */
export type Bound = readonly [name: string, until: number];

/**
 * How far signatures of writes have got, on the disk: a signature is taken only when its time is within what is written
 * down. So whoever comes after a crash knows of every later one that it was not used. One bound is for all keys whose
 * clocks are right, and grows with the time, by one write in each second in which something is signed; a clock that is
 * ahead has one of its own, so that nobody else has to wait for the time that it shows.
 */
export class SignatureBounds {
  readonly #written: Map<string, number>;
  readonly #write: (bound: Bound) => Promise<void>;
  /** What is on its way to the disk. */
  readonly #pending = new Map<string, { readonly until: number; readonly done: Promise<void> }>();

  /** @param written what is on the disk already */
  constructor(written: readonly Bound[], write: (bound: Bound) => Promise<void>) {
    this.#written = new Map(written);
    this.#write = write;
  }

  /**
   * Resolves when a signature of that time (`created` and `now` in Unix milliseconds) is within what is written down;
   * null: it is already. Rejects when that cannot be written: then the signature must not be taken.
   */
  cover(keyId: string, created: number, now: number): Promise<void> | null {
    const name = created - now <= RIGHT ? EVERY_KEY : keyId;
    if (created <= (this.#written.get(name) ?? 0)) return null;
    const pending = this.#pending.get(name);
    if (pending !== undefined && created <= pending.until) return pending.done;
    const mine = { until: created, done: this.#extend(name, created) };
    this.#pending.set(name, mine);
    const forget = () => {
      if (this.#pending.get(name) === mine) this.#pending.delete(name);
    };
    mine.done.then(forget, forget);
    return mine.done;
  }

  async #extend(name: string, until: number): Promise<void> {
    await this.#write([name, until]);
    this.#written.set(name, Math.max(until, this.#written.get(name) ?? 0));
  }
}
