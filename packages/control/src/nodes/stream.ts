import type { QueryMessage } from '@evenkeel/model/plan/query.ts';
import type { WebSocket } from '@fastify/websocket';
import type { BlockLists } from '../block-list/block-lists.ts';
import type { PlanPublisher } from '../plan/publisher.ts';
import type { NodeAccess } from './membership/gate.ts';
import type { Membership } from './membership/membership.ts';
import type { NodeQuestions } from './questions.ts';
import type { NodeRegistry } from './registry.ts';
import { AgentSession, CLOSE } from './session.ts';
import type { TargetHealthTable } from './target-health.ts';
import { zonePeers } from './zone-peers.ts';

/** Largest message of an agent in bytes: the health of some 200,000 targets. */
export const MESSAGE_LIMIT = 32 * 1_048_576;

export interface StreamOptions {
  readonly plans: PlanPublisher;
  readonly nodes: NodeRegistry;
  readonly health: TargetHealthTable;
  readonly questions: NodeQuestions;
  readonly blockLists: BlockLists;
  readonly membership: Membership;
  readonly warn: (node: string, message: string) => void;
  /** Milliseconds from ping to ping, and of silence until an agent counts as gone. */
  readonly ping: number;
  readonly silence: number;
  /** Connections at a time; one more is closed. */
  readonly limit: number;
}

/** The connections of the agents. */
export class AgentStream {
  readonly #options: StreamOptions;
  readonly #sessions = new Map<AgentSession, WebSocket>();
  readonly #byNode = new Map<string, AgentSession>();

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Takes over a WebSocket that was let in. */
  accept(socket: WebSocket, access: NodeAccess): void {
    const { nodes, ping, silence, limit } = this.#options;
    // What ends a connection badly shows in the `close` that follows.
    socket.on('error', () => {});
    if (this.#sessions.size >= limit) {
      socket.close(CLOSE.tooMany, `there are ${limit} streams already`);
      return;
    }
    const opened = (session: AgentSession) => this.#opened(session);
    const session = new AgentSession(socket, access, { ...this.#options, opened });
    this.#sessions.set(session, socket);

    let heard = performance.now();
    // Whatever comes before hello counts as silence: a stream without a node must not last.
    const hear = () => {
      if (session.node !== null) heard = performance.now();
    };
    const pinger = setInterval(() => {
      if (performance.now() - heard <= silence) {
        socket.ping();
        session.checkCertificate();
      } else {
        session.close(CLOSE.silent, 'nothing was heard');
        socket.terminate();
      }
    }, ping);
    socket.on('pong', () => {
      hear();
      if (session.node !== null) nodes.seen(session.node);
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) session.close(CLOSE.invalid, 'text frames are expected');
      else session.receive(String(data));
      hear();
    });
    socket.on('close', () => {
      clearInterval(pinger);
      this.#closed(session);
    });
  }

  /** Sends the present plan to everyone who does not have it. */
  publish(): void {
    for (const session of this.#byNode.values()) session.offer();
  }

  /** Tells nodes that share flows of each other, where that is news. */
  introduce(): void {
    for (const [node, peers] of zonePeers(this.#options.nodes.list())) this.#byNode.get(node)?.introduce(peers);
  }

  /** The node is none any more: its stream ends at once. */
  end(node: string, reason: string, isRevoked: boolean): void {
    this.#byNode.get(node)?.close(isRevoked ? CLOSE.revoked : CLOSE.refused, reason);
  }

  /** Tells the nodes of a zone the keys by which they know each other. */
  tellKeys(zone: string): void {
    for (const session of this.#byNode.values()) if (session.zone === zone) session.tellKeys();
  }

  /** The API shows another certificate: nodes that are connected are told by which they will know it. */
  tellTrust(): void {
    for (const session of this.#byNode.values()) session.tellTrust();
  }

  /** False when the node is not connected, or its connection takes no more. */
  ask(node: string, query: QueryMessage): boolean {
    return this.#byNode.get(node)?.ask(query) ?? false;
  }

  close(): void {
    for (const session of [...this.#sessions.keys()]) session.close(1001, 'the control plane is stopping');
  }

  /** Cuts the connections of agents that have not answered the goodbye. */
  terminate(): void {
    for (const socket of [...this.#sessions.values()]) socket.terminate();
  }

  /** The newest connection of a node counts: the older one may be a ghost of a broken network. */
  #opened(session: AgentSession): void {
    this.#byNode.get(session.node!)?.close(CLOSE.replaced, 'the node has connected again');
    this.#byNode.set(session.node!, session);
  }

  #closed(session: AgentSession): void {
    session.ended();
    this.#sessions.delete(session);
    const { node } = session;
    if (node === null || this.#byNode.get(node) !== session) return;
    this.#byNode.delete(node);
    this.#options.nodes.disconnected(node);
    this.#options.questions.gone(node);
  }
}
