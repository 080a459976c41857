import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Applier } from '../plan/applier.ts';
import type { DatapathEngine } from './datapath-engine.ts';

/** Milliseconds between two looks at what the machine lets the kernel carry. */
const PACE = 5_000;

/** Has listeners applied once more when the machine lets the kernel carry more, or less, than it did. */
export class MachineWatch {
  readonly #datapath: Pick<DatapathEngine, 'reconsider'>;
  readonly #applier: Pick<Applier, 'touchListeners'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(
    datapath: Pick<DatapathEngine, 'reconsider'>,
    applier: Pick<Applier, 'touchListeners'>,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#datapath = datapath;
    this.#applier = applier;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#stopped = false;
    this.#timer = this.#clock.setTimer(PACE, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    try {
      const listeners = await this.#datapath.reconsider();
      if (!this.#stopped && listeners.length > 0) this.#applier.touchListeners(listeners);
    } catch (error) {
      // The system may have no memory for an answer: what was true goes on.
      this.#log.warn({ err: error }, 'what the machine lets the kernel carry is not known');
    }
    if (!this.#stopped) this.start();
  }
}
