/** Milliseconds between two looks. */
const LOOK = 1_000;
/**
 * Looks without a sign of life after which a process hangs. They are counted, and not the time: when the machine is
 * suspended, or this process is, nobody is looking.
 */
const MOST_MISSED = 15;
/** The same before the first one: a process that still loads its code gives none, and on a busy machine that takes long. */
const MOST_MISSED_AT_FIRST = 60;

/** Watches over a process that gives a sign of life every second. */
export class Pulse {
  readonly #onHang: (seconds: number) => void;
  readonly #timer: NodeJS.Timeout;
  #missed = 0;
  #most = MOST_MISSED_AT_FIRST;

  /** `onHang`: told once, with how long nothing was heard. */
  constructor(onHang: (seconds: number) => void) {
    this.#onHang = onHang;
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#timer.unref();
  }

  beat(): void {
    this.#missed = 0;
    this.#most = MOST_MISSED;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#missed++;
    if (this.#missed < this.#most) return;
    this.stop();
    this.#onHang((this.#most * LOOK) / 1000);
  }
}
