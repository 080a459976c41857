import type { NodeSockets } from '../overload/node-sockets.ts';

/** Share of the connections that a node may have which all sessions of UDP may take: each has a descriptor. */
const ALL = 0.5;

/** Share of that which one listener may take. */
const ONE_LISTENER = 0.75;

/**
 * How many sessions of UDP there may be. Whoever can make up source addresses makes a session with each of them, which
 * then stays for the idle time of its listener: so they leave descriptors to connections, and to other listeners.
 *
 * Invariant: 0 <= taken <= most, here and in those that it is a part of.
 */
export class SessionPlaces {
  readonly most: number;
  readonly #whole: SessionPlaces | null;
  #taken = 0;

  private constructor(most: number, whole: SessionPlaces | null) {
    this.most = Math.max(1, Math.floor(most));
    this.#whole = whole;
  }

  /** Those of one worker: the kernel spreads clients evenly, so each has its part of the node's. */
  static ofWorker({ capacity, workers }: NodeSockets): SessionPlaces {
    return new SessionPlaces((capacity * ALL) / workers, null);
  }

  /** Those that one listener may take of these. */
  ofListener(): SessionPlaces {
    return new SessionPlaces(this.most * ONE_LISTENER, this);
  }

  get hasRoom(): boolean {
    return this.#taken < this.most && this.#whole?.hasRoom !== false;
  }

  /** Takes a place; to be asked for only while `hasRoom`. */
  take(): void {
    this.#taken++;
    this.#whole?.take();
  }

  giveBack(): void {
    this.#taken--;
    this.#whole?.giveBack();
  }
}
