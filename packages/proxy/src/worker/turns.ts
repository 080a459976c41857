/** Has acts wait for each other: one begins when the one before it says that it is over. */
export class Turns {
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  /** Has `act` run now, or when all that came before are over. One that never calls `over` is the last. */
  take(act: (over: () => void) => void): void {
    const begin = (): void => {
      this.#busy = true;
      act(() => {
        this.#busy = false;
        this.#waiting.shift()?.();
      });
    };
    if (this.#busy) this.#waiting.push(begin);
    else begin();
  }
}
