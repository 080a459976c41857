import { ProblemError } from '../problem.ts';

/** How many wait; the next ones are refused. */
const WAITING = 16;

/** Work of which only one is under way, such as reading a long past: each may take the memory and the time of many calls. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Rejects with `too-busy` when many wait already. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#count > WAITING) {
      return Promise.reject(
        new ProblemError('too-busy', `${WAITING} others wait for what was there before; ask again`),
      );
    }
    this.#count++;
    const done = this.#last.then(work).finally(() => this.#count--);
    this.#last = done.catch(() => {});
    return done;
  }
}
