import {
  FIRST_STREAM_VERSION,
  REVOKED_CLOSE,
  type RenewMessage,
  STREAM_VERSION,
} from '@evenkeel/model/plan/membership.ts';
import type { QueryMessage } from '@evenkeel/model/plan/query.ts';
import type { PeersMessage } from '@evenkeel/model/plan/sharing.ts';
import type { FromAgent, ToAgent } from '@evenkeel/model/plan/stream.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import { BlockListFeed } from '../block-list/feed.ts';
import type { CompiledPlan } from '../plan/compile.ts';
import type { PlanPublisher } from '../plan/publisher.ts';
import type { NodeAccess } from './membership/gate.ts';
import type { Membership } from './membership/membership.ts';
import { parseMessage } from './messages.ts';
import type { NodeQuestions } from './questions.ts';
import type { NodeRegistry } from './registry.ts';
import type { TargetHealthTable } from './target-health.ts';

/** Bytes on their way to one agent; beyond them, changes wait and become one delta. */
const BUFFERED = 4 * 1_048_576;
/** Frames that an agent has yet to acknowledge; beyond them likewise. */
const UNACKNOWLEDGED = 16;

/** Close codes (RFC 6455 §7.4.2: 4000–4999 are private). */
export const CLOSE = {
  invalid: 4400,
  refused: 4403,
  silent: 4408,
  replaced: 4409,
  revoked: REVOKED_CLOSE,
  version: 4426,
  tooMany: 4429,
} as const;

/** Characters, all of them ASCII, of the reason in a close frame (RFC 6455 §5.5), which holds a code as well. */
const REASON = 123;

type Hello = Extract<FromAgent, { type: 'hello' }>;

/** A WebSocket, as far as it is needed here. */
export interface AgentSocket {
  readonly bufferedAmount: number;
  /** `sent` is called when the text has left for the kernel. */
  send(text: string, sent: (error?: Error) => void): void;
  close(code: number, reason: string): void;
}

export interface SessionContext {
  readonly plans: PlanPublisher;
  readonly nodes: NodeRegistry;
  readonly health: TargetHealthTable;
  readonly questions: NodeQuestions;
  readonly blockLists: BlockLists;
  readonly membership: Pick<Membership, 'gate' | 'identities' | 'joining' | 'now' | 'trust' | 'zoneKeys'>;
  readonly warn: (node: string, message: string) => void;
  /** The agent said who it is. */
  readonly opened: (session: AgentSession) => void;
}

/**
 * One connection of an agent. It has at most one change on its way more than the agent can take: what happens
 * meanwhile is not queued, but sent later as one delta from what was sent last.
 */
export class AgentSession {
  readonly #socket: AgentSocket;
  readonly #access: NodeAccess;
  readonly #context: SessionContext;
  #node: string | null = null;
  #zone = '';
  #speaks = FIRST_STREAM_VERSION;
  /** The plan after all that was sent; null: a snapshot is due. */
  #sent: CompiledPlan | null = null;
  #unacknowledged = 0;
  /** What was said last of other nodes. */
  #introduced = '';
  #closed = false;
  /** A certificate is on its way. */
  #renewing = false;
  /** null: the agent takes no block lists. */
  #blocked: BlockListFeed | null = null;
  #unlisten: () => void = () => {};

  constructor(socket: AgentSocket, access: NodeAccess, context: SessionContext) {
    this.#socket = socket;
    this.#access = access;
    this.#context = context;
  }

  /** Null until it has said hello. */
  get node(): string | null {
    return this.#node;
  }

  /** Where the node is; empty until it has said hello. */
  get zone(): string {
    return this.#zone;
  }

  receive(text: string): void {
    if (this.#closed) return;
    const message = parseMessage(text);
    if (message === null) this.close(CLOSE.invalid, 'not a message of the stream');
    else if (message.type === 'hello') this.#hello(message);
    else if (this.#node === null) this.close(CLOSE.invalid, 'hello is expected first');
    else this.#heard(this.#node, message);
  }

  /** There is a new plan. */
  offer(): void {
    if (this.#node !== null && this.#sent !== this.#wanted(this.#node)) this.#send();
  }

  /** With whom to share flows; nothing is said twice. */
  introduce(message: PeersMessage): void {
    const text = JSON.stringify(message);
    if (this.#closed || text === this.#introduced) return;
    this.#introduced = text;
    this.#socket.send(text, () => {});
  }

  /** Ends a stream whose node has not asked for another certificate in time. */
  checkCertificate(): void {
    if (this.#access.kind !== 'certificate') return;
    const { identities, now } = this.#context.membership;
    const until = identities.get(this.#access.node)?.not_after ?? 0;
    if (until <= now()) this.close(CLOSE.refused, 'the certificate of the node has ended; have it join again');
  }

  tellKeys(): void {
    if (this.#speaks > FIRST_STREAM_VERSION) this.#say(this.#context.membership.zoneKeys.messageFor(this.#zone));
  }

  tellTrust(): void {
    const trust = this.#access.kind === 'certificate' ? this.#context.membership.trust() : null;
    if (trust !== null) this.#say(trust);
  }

  /** False when the connection is gone, or has more to carry than it takes. */
  ask(query: QueryMessage): boolean {
    if (this.#closed || this.#socket.bufferedAmount > BUFFERED) return false;
    this.#socket.send(JSON.stringify(query), () => {});
    return true;
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close(code, reason.slice(0, REASON));
  }

  /** The connection is gone. */
  ended(): void {
    this.#closed = true;
    this.#unlisten();
  }

  #heard(node: string, message: Exclude<FromAgent, Hello>): void {
    const { nodes, health, questions, warn } = this.#context;
    nodes.seen(node);
    switch (message.type) {
      case 'resync':
        this.#sent = null;
        this.#unacknowledged = 0;
        this.#send();
        break;
      case 'applied':
        this.#applied(node, message);
        break;
      case 'health':
        if (!health.report(node, message.complete, message.targets))
          warn(node, 'reports of many targets that are gone were dropped');
        break;
      case 'blocked':
        this.#blocked?.acknowledged();
        break;
      case 'answer':
        questions.answered(node, message);
        break;
      case 'heartbeat':
        nodes.beat(node, message);
        nodes.shares(node, message.sharing ?? null);
        break;
      case 'renew':
        void this.#renew(message);
        break;
      default:
        message satisfies never;
    }
  }

  #hello(said: Hello): void {
    const { nodes, plans, opened, membership } = this.#context;
    const hello = { ...said, zone: this.#zoneOf(said) };
    const speaks = hello.protocol ?? FIRST_STREAM_VERSION;
    const refusal = membership.gate.refusalOf(this.#access, hello.node);
    if (this.#node !== null) {
      this.close(CLOSE.invalid, 'hello is expected once');
    } else if (Math.abs(speaks - STREAM_VERSION) > 1) {
      const older = speaks < STREAM_VERSION ? 'upgrade the node agent' : 'upgrade the control plane';
      this.close(CLOSE.version, `stream version ${speaks} is too far from ${STREAM_VERSION} here: ${older}`);
    } else if (refusal !== null) {
      const { identities } = membership;
      const isRevoked =
        this.#access.kind === 'certificate'
          ? identities.wasRevoked(this.#access.node, this.#access.identity)
          : identities.isRevoked(hello.node);
      this.close(isRevoked ? CLOSE.revoked : CLOSE.refused, refusal);
    } else if (!nodes.connected(hello)) {
      this.close(CLOSE.tooMany, 'there are as many nodes as the quota allows');
    } else {
      this.#node = hello.node;
      this.#zone = hello.zone;
      this.#speaks = speaks;
      this.#sent = plans.recall({ id: hello.node, zone: hello.zone }, hello.version, hello.hash);
      opened(this);
      this.tellTrust();
      this.tellKeys();
      this.#send();
      this.#feedBlockLists(hello);
    }
  }

  /** The zone that a node has joined in; without a certificate the one that it says. */
  #zoneOf({ node, zone }: Hello): string {
    const { membership, warn } = this.#context;
    if (this.#access.kind !== 'certificate') return zone;
    const joined = membership.identities.get(this.#access.node)?.zone ?? '';
    if (zone !== joined && zone !== '') {
      warn(node, `it says zone ${zone}, and has joined in ${joined || 'none'}, where it stays until it joins anew`);
    }
    return joined;
  }

  async #renew(message: RenewMessage): Promise<void> {
    const { membership, warn } = this.#context;
    const access = this.#access;
    if (access.kind !== 'certificate') {
      this.close(CLOSE.invalid, 'a node without a certificate has none to renew');
      return;
    }
    // Whoever asks again before the answer gets that one.
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      this.#say(await membership.joining.renew(access.node, access.identity, message));
    } catch (error) {
      warn(access.node, `its certificate could not be renewed: ${(error as Error).message}`);
      this.#say({ type: 'certificate', certificate: null, reason: 'it could not be written; ask again' });
    } finally {
      this.#renewing = false;
    }
  }

  #say(message: ToAgent): void {
    if (!this.#closed) this.#socket.send(JSON.stringify(message), () => {});
  }

  /** Besides plans: a long list holds up no change. */
  #feedBlockLists({ blockLists: position }: Hello): void {
    const { blockLists } = this.#context;
    if (position === undefined) return;
    const feed = new BlockListFeed(blockLists, position, (message) => {
      this.#say(message);
    });
    this.#blocked = feed;
    this.#unlisten = blockLists.listen(() => feed.offer());
    feed.offer();
  }

  #applied(node: string, message: Extract<FromAgent, { type: 'applied' }>): void {
    const { nodes, plans } = this.#context;
    if (message.version > plans.plan.version) {
      this.close(CLOSE.invalid, 'acknowledges what was never sent');
      return;
    }
    // An agent answers changes that it merged into one with one acknowledgement: the newest stands for all before it.
    if (message.version === this.#sent?.version) this.#unacknowledged = 0;
    else if (this.#unacknowledged > 0) this.#unacknowledged--;
    nodes.applied(node, message.version, message.refused, message.datapaths);
    if (this.#unacknowledged > 0) nodes.owes(node);
    this.offer();
  }

  /** The plan that the node is to have. */
  #wanted(node: string): CompiledPlan {
    return this.#context.plans.planFor({ id: node, zone: this.#zone });
  }

  #send(): void {
    const { nodes, plans } = this.#context;
    if (!this.#closed) nodes.owes(this.#node!);
    if (this.#closed || this.#unacknowledged >= UNACKNOWLEDGED || this.#socket.bufferedAmount > BUFFERED) return;
    const wanted = this.#wanted(this.#node!);
    const text = plans.frame(this.#sent, wanted);
    this.#sent = wanted;
    this.#unacknowledged++;
    this.#socket.send(text, () => {
      if (this.#socket.bufferedAmount <= BUFFERED) this.offer();
    });
  }
}
