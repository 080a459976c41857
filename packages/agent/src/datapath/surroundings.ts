import { NetworkNews } from '@evenkeel/flow/loader/network-news.ts';
import type { Logger } from 'pino';

/** Milliseconds between two looks whether there is news. A look without any is one system call. */
const PACE = 1_000;
/** Looks after which all is seen to without news: what the kernel does not tell of, such as `accept_local`. */
const ANYWAY = 30;

export interface SurroundingsOptions {
  /** Whether devices, their parameters, addresses, routes or neighbours have changed. */
  readonly isNews: () => boolean;
  /** Brings what depends on them up to date. */
  readonly look: () => Promise<void>;
  readonly log: Logger;
  readonly pace?: number;
}

/** Sees to it that what changes around the node after its start is taken in; one look at a time. */
export class Surroundings {
  readonly #options: SurroundingsOptions;
  readonly #timer: NodeJS.Timeout;
  #quiet = 0;
  #wanted = false;
  #busy = false;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.pace ?? PACE).unref();
  }

  /** Has the next tick look, whatever the kernel tells. */
  lookSoon(): void {
    this.#wanted = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#busy) return;
    const isDue = this.#options.isNews() || this.#wanted || ++this.#quiet >= ANYWAY;
    if (!isDue) return;
    this.#quiet = 0;
    this.#wanted = false;
    this.#busy = true;
    this.#options
      .look()
      .catch((error: unknown) => {
        this.#wanted = true;
        this.#options.log.error({ err: error }, 'a change of the network is not taken in; trying again');
      })
      .finally(() => {
        this.#busy = false;
      });
  }
}

/** Word of changes; null: the kernel does not tell; then all is looked at every time. */
export function openNews(log: Logger): NetworkNews | null {
  try {
    return new NetworkNews();
  } catch (error) {
    log.warn({ err: error }, 'changes of the network are looked for every second');
    return null;
  }
}
