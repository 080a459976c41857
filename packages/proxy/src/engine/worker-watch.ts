/** Milliseconds between two looks at a worker. */
const LOOK = 1_000;
/**
 * Looks in a row without a beat after which a worker hangs, and as long as it has not beaten for the first time. Looks are
 * counted, and not the time: when this thread is held up, or the machine is suspended, nobody looks.
 */
const MOST_MISSED = 10;
const MOST_MISSED_AT_FIRST = 30;

/** Why a worker was ended whose loop did not turn. */
export class WorkerHang extends Error {
  override readonly name = 'WorkerHang';

  constructor(seconds: number) {
    super(`the worker's loop has not turned for ${seconds} s`);
  }
}

/** Looks whether a worker's loop turns: it counts its beats in shared memory. */
export class WorkerWatch {
  readonly #beats: () => number;
  readonly #onHang: (seconds: number) => void;
  readonly #timer: NodeJS.Timeout;
  #last: number;
  #missed = 0;
  #alive = false;

  /** `onHang`: told once, with how long the loop has not turned. */
  constructor(beats: () => number, onHang: (seconds: number) => void) {
    this.#beats = beats;
    this.#onHang = onHang;
    this.#last = beats();
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const beats = this.#beats();
    if (beats !== this.#last) {
      this.#last = beats;
      this.#missed = 0;
      this.#alive = true;
      return;
    }
    this.#missed++;
    if (this.#missed < (this.#alive ? MOST_MISSED : MOST_MISSED_AT_FIRST)) return;
    this.stop();
    this.#onHang((this.#missed * LOOK) / 1000);
  }
}
