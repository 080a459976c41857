import type { Logger } from 'pino';

/** What a node does with its last plan when it hears that it was revoked. */
export const WHEN_REVOKED = ['serve', 'drain'] as const;
export type WhenRevoked = (typeof WHEN_REVOKED)[number];

export interface RevocationOptions {
  readonly nodeId: string;
  readonly whenRevoked: WhenRevoked;
  readonly log: Logger;
  /** Serves nothing from now on: connections have their drain time to end. */
  readonly letGo: () => void;
}

/**
 * What becomes of a node that was revoked. Serving on is the default: a revocation takes trust away, and whoever revokes
 * the wrong node, or all of them, shall not take the traffic away with it.
 */
export class Revocation {
  readonly #options: RevocationOptions;
  #isRevoked = false;

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  /** Whether it has let go of its plan. */
  get hasLetGo(): boolean {
    return this.#isRevoked && this.#options.whenRevoked === 'drain';
  }

  /** The control plane has said so; it says so again at each attempt to connect. */
  told(): void {
    if (this.#isRevoked) return;
    this.#isRevoked = true;
    const { nodeId, whenRevoked, log, letGo } = this.#options;
    const remedy = `evenkeel node join-token create --node ${nodeId}`;
    if (whenRevoked === 'drain') {
      log.error({ remedy }, 'this node was revoked: it lets go of everything, and takes nothing new');
      letGo();
    } else {
      log.error({ remedy }, 'this node was revoked: it goes on with its last plan until it is stopped, or joins anew');
    }
  }

  /** The control plane has sent a plan: this is a node again. */
  lifted(): void {
    if (!this.#isRevoked) return;
    this.#isRevoked = false;
    this.#options.log.info('this node is a node again');
  }
}
