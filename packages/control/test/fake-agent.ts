import type { BlockListPosition } from '@evenkeel/model/plan/block-list.ts';
import { applyDelta, EMPTY_PLAN, planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { QueryMessage } from '@evenkeel/model/plan/query.ts';
import type { FromAgent, RefusedListener, ToAgent } from '@evenkeel/model/plan/stream.ts';
import type { Running } from './running.ts';

interface AgentOptions {
  readonly node?: string;
  readonly zone?: string;
  /** The plan that it has from before. */
  readonly plan?: NodePlan;
  /** Whether it acknowledges by itself. */
  readonly acknowledges?: boolean;
  /** Version of what it says; absent: the first. */
  readonly protocol?: number;
  /** What it has of block lists; absent: it takes none. */
  readonly blockLists?: BlockListPosition;
  readonly refuses?: (plan: NodePlan) => RefusedListener[];
}

/** The agent's side of the stream over a real socket: keeps the plan, checks its hash, acknowledges. */
export class FakeAgent {
  plan: NodePlan;
  /** Every message that came, in order. */
  readonly messages: ToAgent[] = [];
  readonly socket: WebSocket;
  /** How the connection ended. */
  readonly ended: Promise<{ code: number; reason: string }>;
  acknowledges: boolean;
  refuses: (plan: NodePlan) => RefusedListener[];
  /** What it says to a question; undefined: nothing. */
  answers: (query: QueryMessage) => { answer: unknown } | { problem: string } | undefined = () => undefined;
  readonly #watchers = new Set<() => void>();

  static async connect(running: Running, options: AgentOptions = {}): Promise<FakeAgent> {
    const agent = new FakeAgent(running, options);
    await new Promise<void>((resolve, reject) => {
      agent.socket.addEventListener('open', () => resolve(), { once: true });
      agent.socket.addEventListener('error', () => reject(new Error('the stream was refused')), { once: true });
    });
    agent.say({
      type: 'hello',
      node: options.node ?? 'node-1',
      zone: options.zone ?? 'zone-a',
      software: '0.0.0-test',
      reactor: 'portable',
      workers: 1,
      version: agent.plan.version,
      hash: agent.plan.hash,
      ...(options.blockLists && { blockLists: options.blockLists }),
      ...(options.protocol !== undefined && { protocol: options.protocol }),
    });
    return agent;
  }

  private constructor(running: Running, options: AgentOptions) {
    this.plan = options.plan ?? EMPTY_PLAN;
    this.acknowledges = options.acknowledges ?? true;
    this.refuses = options.refuses ?? (() => []);
    const url = `${running.url.replace('http', 'ws')}/agent/v1/stream`;
    // The headers are an extension of Node's WebSocket.
    const init = { headers: { authorization: `Bearer ${running.nodeToken}` } };
    this.socket = new WebSocket(url, init as unknown as string[]);
    this.socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as ToAgent));
    this.ended = new Promise((resolve) => {
      this.socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
    });
  }

  say(message: FromAgent): void {
    this.socket.send(JSON.stringify(message));
  }

  acknowledge(): void {
    this.say({ type: 'applied', version: this.plan.version, refused: this.refuses(this.plan) });
  }

  /** Resolves when the condition holds; it is looked at after each message. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves when it has the plan of that generation. */
  has(generation: number): Promise<void> {
    return this.until(() => this.plan.version >= generation);
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.ended;
  }

  #receive(message: ToAgent): void {
    this.messages.push(message);
    if (message.type === 'query') {
      const answer = this.answers(message);
      if (answer !== undefined) this.say({ type: 'answer', id: message.id, ...answer });
      for (const look of [...this.#watchers]) look();
      return;
    }
    if (message.type === 'block-list') {
      if (this.acknowledges) this.say({ type: 'blocked' });
      for (const look of [...this.#watchers]) look();
      return;
    }
    if (message.type !== 'snapshot' && message.type !== 'delta') {
      for (const look of [...this.#watchers]) look();
      return;
    }
    const next =
      message.type === 'snapshot' ? planOf(message.version, message.entries) : applyDelta(this.plan, message);
    if (next === null || next.hash !== message.hash) throw new Error(`${message.type} ${message.version} does not fit`);
    this.plan = next;
    if (this.acknowledges) this.acknowledge();
    for (const look of [...this.#watchers]) look();
  }
}
