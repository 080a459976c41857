/** What is begun after something else is done after it, whether or not that has failed. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Whoever waits for it learns of the error; what comes after it does not care. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
