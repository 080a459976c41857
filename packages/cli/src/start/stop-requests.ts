import { Socket } from 'node:net';

/**
 * Two signals within this time are one: Ctrl-C reaches every process of the terminal, and npm and the wrapper of
 * bin/evenkeel.mjs pass on theirs as well.
 */
const SAME_REQUEST = 500;

export interface StopHandlers {
  /** The first request: end in order. */
  onStop(): void;
  /** Another one: end now. */
  onForce(): void;
}

export class StopRequests {
  readonly #handlers: StopHandlers;
  readonly #now: () => number;
  #first: number | null = null;

  constructor(handlers: StopHandlers, now: () => number = () => performance.now()) {
    this.#handlers = handlers;
    this.#now = now;
  }

  get requested(): boolean {
    return this.#first !== null;
  }

  request(): void {
    if (this.#first === null) {
      this.#first = this.#now();
      this.#handlers.onStop();
    } else if (this.#now() - this.#first >= SAME_REQUEST) {
      this.#handlers.onForce();
    }
  }

  /** Listens to the signals of this process, and to the pipe that the wrapper of an older Node holds open. */
  listen(env: NodeJS.ProcessEnv = process.env): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.request());
    const lifeline = Number(env.EVENKEEL_LIFELINE);
    if (!Number.isInteger(lifeline) || lifeline < 3) return;
    const socket = new Socket({ fd: lifeline, readable: true, writable: false });
    socket.on('error', () => {});
    socket.once('close', () => this.request());
    socket.resume();
    socket.unref();
  }
}
