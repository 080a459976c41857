import { readFile } from 'node:fs/promises';
import {
  type CertificateMessage,
  fingerprintsInToken,
  type RenewMessage,
  type TrustMessage,
} from '@evenkeel/model/plan/membership.ts';
import type { TlsTrust } from '@evenkeel/model/tls-trust.ts';
import type { Logger } from 'pino';
import type { Clock, Random } from '../clock/clock.ts';
import type { Home } from '../home.ts';
import { StartError, WrongOption } from '../start-error.ts';
import { Backoff } from '../stream/backoff.ts';
import type { StreamCredential } from '../stream/client.ts';
import { type ControlTrustSettings, controlTrust } from '../stream/trust.ts';
import { endOf, IdentityFile, type NodeIdentity } from './identity-file.ts';
import { askToJoin, JoinRefusal, NoJoinToken } from './join.ts';
import { provenKey } from './node-key.ts';
import { Renewal } from './renewal.ts';

/**
 * Milliseconds for which a node that starts for the first time tries to reach a control plane to join: less than a
 * supervisor waits for it, who would not know why it is not ready.
 */
const JOIN_PATIENCE = 15_000;

export interface NodeMembershipOptions extends ControlTrustSettings {
  readonly home: Home;
  readonly nodeId: string;
  /** As the settings say; empty: they do not. */
  readonly zone: string;
  readonly controlUrls: readonly string[];
  /** What to join with: the token itself, or a file that holds it. */
  readonly joinToken: string | undefined;
  readonly joinTokenFile: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What this node comes with: a certificate of its own once it has joined, else the token that nodes share. */
export class NodeMembership {
  readonly #options: NodeMembershipOptions;
  readonly #file: IdentityFile;
  #identity: NodeIdentity | null = null;
  #renewal: Renewal | null = null;
  /** The control plane has refused the certificate. */
  #refused = false;
  /** Why the join token is good for nothing, as the control plane has it. */
  #tokenRefusal = '';
  /** The file has another list of fingerprints than this one. */
  #isUnwritten = false;
  /** What changes the file, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #send: (message: RenewMessage) => boolean = () => false;

  /** Joins when the node has yet to. Rejects with a StartError that says what to do. */
  static async open(options: NodeMembershipOptions): Promise<NodeMembership> {
    const membership = new NodeMembership(options);
    await membership.#begin();
    return membership;
  }

  private constructor(options: NodeMembershipOptions) {
    this.#options = options;
    this.#file = new IdentityFile(options.home.path);
  }

  /** What the node has joined for goes before its settings, as it does with the control plane. */
  get zone(): string {
    return this.#identity?.zone || this.#options.zone;
  }

  /** There is a stream, on which certificates are asked for. False: it takes nothing at the moment. */
  sendBy(send: (message: RenewMessage) => boolean): void {
    this.#send = send;
  }

  /** For the next stream. Rejects with a sentence that says what is missing. */
  async credential(): Promise<StreamCredential> {
    const { home, clock } = this.#options;
    const identity = this.#identity;
    if (identity === null) {
      const { token, fingerprint } = await home.readCredential();
      return { token, trust: await controlTrust(this.#options, fingerprint === null ? [] : [fingerprint]) };
    }
    if ((this.#refused || endOf(identity) <= clock.wallTime()) && this.#mayJoin) await this.#rejoin();
    const { key, certificate, fingerprints } = this.#identity!;
    return { token: null, trust: await controlTrust(this.#options, fingerprints), own: { key, certificate } };
  }

  /** The control plane has let a stream in, or refused it for what the node has come with. */
  admitted(isAdmitted: boolean): void {
    this.#refused = !isAdmitted;
  }

  /** The answer to the request for another certificate, or the certificates by which control planes are known. */
  async take(message: CertificateMessage | TrustMessage): Promise<void> {
    if (message.type === 'certificate') await this.#renewal?.take(message);
    else await this.#trust(message);
  }

  stop(): void {
    this.#renewal?.stop();
  }

  /**
   * By which certificates control planes are known from now on, and by no others. On a full disk as well, from where it
   * is not lost as long as this process runs: it is written when it is told again.
   */
  async #trust({ fingerprint, fingerprints = [fingerprint] }: TrustMessage): Promise<void> {
    if (this.#identity === null) return;
    if (!this.#isUnwritten && isSame(this.#identity.fingerprints, fingerprints)) return;
    try {
      await this.#change((identity) => ({ ...identity, fingerprints }));
      this.#isUnwritten = false;
    } catch (error) {
      this.#isUnwritten = true;
      this.#identity = { ...this.#identity, fingerprints };
      this.#renewal?.replace(this.#identity);
      this.#options.log.error({ err: error }, 'what control planes are known by could not be written');
    }
  }

  async #begin(): Promise<void> {
    const { nodeId, clock, random, log } = this.#options;
    try {
      this.#identity = await this.#file.read();
    } catch (error) {
      throw new StartError((error as Error).message);
    }
    if (this.#identity !== null && this.#identity.node !== nodeId) {
      if (!this.#mayJoin) {
        throw new StartError(
          `this node has joined as ${this.#identity.node}, and is called ${nodeId} now; have it join with a new token`,
        );
      }
      this.#identity = null;
    }
    if (this.#identity === null && this.#mayJoin) {
      const backoff = new Backoff(random);
      const end = clock.now() + JOIN_PATIENCE;
      for (let turn = 0; this.#identity === null; turn++) {
        try {
          await this.#join(turn);
        } catch (error) {
          const reason = (error as Error).message;
          if (error instanceof NoJoinToken) throw new WrongOption(`cannot join: ${reason}`);
          if (error instanceof JoinRefusal || clock.now() >= end) throw new StartError(`cannot join: ${reason}`);
          log.warn({ reason }, 'the node cannot join yet; trying again');
          await new Promise<void>((resolve) => clock.setTimer(backoff.next(), resolve));
        }
      }
    }
    if (this.#identity !== null) this.#renewFrom(this.#identity);
  }

  get #mayJoin(): boolean {
    const { joinToken, joinTokenFile } = this.#options;
    return (joinToken !== undefined || joinTokenFile !== undefined) && this.#tokenRefusal === '';
  }

  async #rejoin(): Promise<void> {
    try {
      await this.#join(Math.floor(this.#options.random() * this.#options.controlUrls.length));
      this.#refused = false;
    } catch (error) {
      if (error instanceof JoinRefusal) this.#tokenRefusal = error.message;
      throw new Error(
        `the certificate of this node is good for nothing any more, and it cannot join: ${(error as Error).message}`,
      );
    }
  }

  async #join(turn: number): Promise<void> {
    const { controlUrls, nodeId, zone, clock, log } = this.#options;
    const token = await this.#token();
    const key = await this.#file.joiningKey();
    const named = fingerprintsInToken(token);
    const trust: TlsTrust = await controlTrust(this.#options, named);
    const url = controlUrls[turn % controlUrls.length]!;
    const answer = await askToJoin(url, { token, node: nodeId, zone, ...provenKey(nodeId, key) }, trust);
    const { certificate, fingerprints } = answer;
    const identity: NodeIdentity = {
      node: nodeId,
      zone: answer.zone,
      key,
      certificate,
      fingerprints: fingerprints.length > 0 ? fingerprints : named,
      issuedAt: clock.wallTime(),
    };
    const until = new Date(endOf(identity)).toISOString();
    await this.#file.joined(identity);
    this.#renewFrom(identity);
    log.info({ url, until }, 'this node has joined');
  }

  /** Shells leave white space around it. */
  async #token(): Promise<string> {
    const { joinToken, joinTokenFile } = this.#options;
    if (joinTokenFile === undefined) return joinToken!.trim();
    try {
      return (await readFile(joinTokenFile, 'utf8')).trim();
    } catch (error) {
      throw new NoJoinToken(`${joinTokenFile} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }

  #renewFrom(identity: NodeIdentity): void {
    const { clock, random, log } = this.#options;
    this.#renewal?.stop();
    this.#identity = identity;
    this.#renewal = new Renewal({
      ...{ clock, random, log, identity },
      send: (message) => this.#send(message),
      renewed: ({ key, certificate, issuedAt }) =>
        this.#change((before) => ({ ...before, key, certificate, issuedAt })),
    });
  }

  async #change(change: (identity: NodeIdentity) => NodeIdentity): Promise<void> {
    const written = this.#writing.then(async () => {
      const identity = change(this.#identity!);
      await this.#file.write(identity);
      this.#identity = identity;
      this.#renewal?.replace(identity);
    });
    this.#writing = written.catch(() => {});
    await written;
  }
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((one, index) => one === after[index]);
}
