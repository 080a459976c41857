/** Milliseconds between two looks. */
const LOOK = 1_000;
/**
 * Looks without a sign of life after which a process hangs. They are counted, and not the time: when the machine is
 * suspended, or this process is, nobody is looking.
 */
const MOST_MISSED = 15;

/** Watches over a process that gives a sign of life every second. */
export class Pulse {
  readonly #onHang: (seconds: number) => void;
  readonly #timer: NodeJS.Timeout;
  #missed = 0;

  /** `onHang`: told once, with how long nothing was heard. */
  constructor(onHang: (seconds: number) => void) {
    this.#onHang = onHang;
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#timer.unref();
  }

  beat(): void {
    this.#missed = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#missed++;
    if (this.#missed < MOST_MISSED) return;
    this.stop();
    this.#onHang((MOST_MISSED * LOOK) / 1000);
  }
}
