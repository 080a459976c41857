export interface BackoffOptions {
  /** Milliseconds before the first restart; each one after that waits twice as long. */
  readonly first: number;
  readonly most: number;
  /** A process that ran this long is taken for sound: the next restart waits `first` again. */
  readonly soundAfter: number;
}

export const RESTART: BackoffOptions = { first: 200, most: 10_000, soundAfter: 30_000 };

/** How long to wait before a process is started again. */
export class Backoff {
  readonly #options: BackoffOptions;
  #next: number;

  constructor(options: BackoffOptions = RESTART) {
    this.#options = options;
    this.#next = options.first;
  }

  /** @param ran milliseconds that the process lived */
  after(ran: number): number {
    if (ran >= this.#options.soundAfter) this.#next = this.#options.first;
    const delay = this.#next;
    this.#next = Math.min(this.#options.most, delay * 2);
    return delay;
  }
}
