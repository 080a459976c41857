import type { QueryMessage } from '@evenkeel/model/plan/query.ts';
import type { PeersMessage } from '@evenkeel/model/plan/sharing.ts';
import type { FromAgent } from '@evenkeel/model/plan/stream.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import { BlockListFeed } from '../block-list/feed.ts';
import type { CompiledPlan } from '../plan/compile.ts';
import type { PlanPublisher } from '../plan/publisher.ts';
import { parseMessage } from './messages.ts';
import type { NodeQuestions } from './questions.ts';
import type { NodeRegistry } from './registry.ts';
import type { TargetHealthTable } from './target-health.ts';

/** Bytes on their way to one agent; beyond them, changes wait and become one delta. */
const BUFFERED = 4 * 1_048_576;
/** Frames that an agent has yet to acknowledge; beyond them likewise. */
const UNACKNOWLEDGED = 16;

/** Close codes (RFC 6455 §7.4.2: 4000–4999 are private). */
export const CLOSE = { invalid: 4400, replaced: 4409, tooMany: 4429, silent: 4408 } as const;

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
  readonly #context: SessionContext;
  #node: string | null = null;
  #zone = '';
  /** The plan after all that was sent; null: a snapshot is due. */
  #sent: CompiledPlan | null = null;
  #unacknowledged = 0;
  /** What was said last of other nodes. */
  #introduced = '';
  #closed = false;
  /** null: the agent takes no block lists. */
  #blocked: BlockListFeed | null = null;
  #unlisten: () => void = () => {};

  constructor(socket: AgentSocket, context: SessionContext) {
    this.#socket = socket;
    this.#context = context;
  }

  /** Null until it has said hello. */
  get node(): string | null {
    return this.#node;
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

  /** False when the connection is gone, or has more to carry than it takes. */
  ask(query: QueryMessage): boolean {
    if (this.#closed || this.#socket.bufferedAmount > BUFFERED) return false;
    this.#socket.send(JSON.stringify(query), () => {});
    return true;
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close(code, reason);
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
        nodes.overloaded(node, message.overload ?? []);
        nodes.shares(node, message.sharing ?? null);
        break;
      default:
        message satisfies never;
    }
  }

  #hello(hello: Hello): void {
    const { nodes, plans, opened } = this.#context;
    if (this.#node !== null) {
      this.close(CLOSE.invalid, 'hello is expected once');
    } else if (!nodes.connected(hello)) {
      this.close(CLOSE.tooMany, 'there are as many nodes as the quota allows');
    } else {
      this.#node = hello.node;
      this.#zone = hello.zone;
      this.#sent = plans.recall({ id: hello.node, zone: hello.zone }, hello.version, hello.hash);
      opened(this);
      this.#send();
      this.#feedBlockLists(hello);
    }
  }

  /** Besides plans: a long list holds up no change. */
  #feedBlockLists({ blockLists: position }: Hello): void {
    const { blockLists } = this.#context;
    if (position === undefined) return;
    const feed = new BlockListFeed(blockLists, position, (message) => {
      if (!this.#closed) this.#socket.send(JSON.stringify(message), () => {});
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
    this.offer();
  }

  /** The plan that the node is to have. */
  #wanted(node: string): CompiledPlan {
    return this.#context.plans.planFor({ id: node, zone: this.#zone });
  }

  #send(): void {
    const { plans } = this.#context;
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
