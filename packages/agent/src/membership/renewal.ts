import type { CertificateMessage, RenewMessage } from '@evenkeel/model/plan/membership.ts';
import type { Logger } from 'pino';
import type { Clock, Random, Timer } from '../clock/clock.ts';
import { endOf, type NodeIdentity } from './identity-file.ts';
import { makeNodeKey, provenKey } from './node-key.ts';

/** The part of a certificate's life after which another is asked for, and by how much of its life nodes differ in that. */
const RENEWED_AFTER = 0.6;
const SPREAD = 0.1;
/** Looks at the age in the life of a certificate, and milliseconds from one to the next. */
const LOOKS = 30;
const PACE = { least: 50, most: 3_600_000 } as const;

export interface RenewalOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly identity: NodeIdentity;
  /** False when the stream takes nothing at the moment. */
  readonly send: (message: RenewMessage) => boolean;
  /** Brings the new identity to the disk; it is what the next stream begins with. */
  readonly renewed: (identity: NodeIdentity) => Promise<void>;
}

/** Has the certificate of this node replaced long before it ends, by one of a new key. The stream goes on meanwhile. */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #share: number;
  #identity: NodeIdentity;
  /** The key that a certificate was asked for; the last one, as long as there is no answer. */
  #asked: string | null = null;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#identity = options.identity;
    this.#share = RENEWED_AFTER + SPREAD * options.random();
    this.#lookLater();
  }

  /** The answer of the control plane. */
  async take({ certificate, reason }: CertificateMessage): Promise<void> {
    const { log, clock, renewed } = this.#options;
    const key = this.#asked;
    this.#asked = null;
    if (key === null) return;
    if (certificate === null) {
      log.warn({ reason }, 'the certificate of this node was not renewed; it is asked for again');
      return;
    }
    try {
      const identity = { ...this.#identity, key, certificate, issuedAt: clock.wallTime() };
      const until = new Date(endOf(identity)).toISOString();
      await renewed(identity);
      log.info({ until }, 'this node has another certificate');
    } catch (error) {
      log.error({ err: error }, 'the new certificate of this node could not be kept; it is asked for again');
    }
  }

  /** Something else of the identity is another, and on the disk. */
  replace(identity: NodeIdentity): void {
    this.#identity = identity;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    const pace = Math.min(PACE.most, Math.max(PACE.least, this.#life / LOOKS));
    this.#timer = this.#options.clock.setTimer(pace, () => {
      if (this.#stopped) return;
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { clock, send } = this.#options;
    const { issuedAt, node } = this.#identity;
    if (clock.wallTime() < issuedAt + this.#life * this.#share) return;
    const key = this.#asked ?? makeNodeKey();
    if (send({ type: 'renew', ...provenKey(node, key) })) this.#asked = key;
  }

  get #life(): number {
    return Math.max(0, endOf(this.#identity) - this.#identity.issuedAt);
  }
}
