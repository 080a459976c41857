import { FIRST_STREAM_VERSION, type NodeCapacity } from '@evenkeel/model/plan/membership.ts';
import type { ReportedSharing } from '@evenkeel/model/plan/sharing.ts';
import type { FromAgent, PortlessListener, RefusedListener, ReportedDatapath } from '@evenkeel/model/plan/stream.ts';
import { ProblemError } from '../problem.ts';
import type { NodeIdentityRow, NodeRow } from '../store/schema.ts';
import { isGone, isSilent } from './absence.ts';

/** What is known of a node: who it is, what it runs, whether it is there. Times are Unix milliseconds. */
export interface NodeStatus {
  readonly id: string;
  readonly zone: string;
  readonly software: string;
  readonly reactor: string;
  readonly workers: number;
  /** Of what it says on its stream; see membership.ts of the model. */
  readonly protocol: number;
  /** Of the operating system; empty: it does not say. */
  readonly kernel: string;
  readonly capacity: NodeCapacity | null;
  /** That its workers had open at its last heartbeat; null: it does not say, or is offline. */
  readonly connections: number | null;
  /** That its kernel carried then, as a sample says; null: likewise. */
  readonly kernelFlows: number | null;
  /** What its deny list has refused so far; null: it does not say, or is offline. */
  readonly denied: number | null;
  /** Its last heartbeat since the control plane has started; null: there was none on the present connection. */
  readonly beatAt: number | null;
  /** The newest generation that it has acknowledged. */
  readonly appliedGeneration: number;
  /** Every listener that it cannot run, as far as `reported` says. */
  readonly refused: readonly RefusedListener[];
  /** When it said last what it runs and refuses: on its newest connection, on one before, or never since the start. */
  readonly reported: 'never' | 'before' | 'now';
  /** Since when it has had a plan to acknowledge and has acknowledged none; null: there is none. */
  readonly owesSince: number | null;
  /** What carries the listeners of network load balancers, as far as it is known. */
  readonly datapaths: readonly ReportedDatapath[];
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** What its workers are out of, so that they turn new work away; empty while it is offline. */
  readonly overload: readonly string[];
  /** Listeners that are under a flood there, by identifier; null: it has not said yet. */
  readonly floods: readonly string[] | null;
  /** Listeners of which flows have found no port there, with how many packets so far; null: it does not say. */
  readonly portless: readonly PortlessListener[] | null;
  /** How it shares flows with other nodes; null while it does not, or is offline. */
  readonly sharing: ReportedSharing | null;
  /** Null while it is offline. */
  readonly connectedAt: number | null;
}

type Hello = Extract<FromAgent, { type: 'hello' }>;

interface Beat {
  readonly overload?: readonly string[];
  readonly floods?: readonly string[];
  readonly portless?: readonly PortlessListener[];
  readonly connections?: number | null;
  readonly kernelFlows?: number | null;
  readonly denied?: number | null;
}

export interface NodeEvents {
  /** A node acknowledged a generation, came, went or was forgotten. */
  readonly changed: () => void;
  /** What is to be kept of a node changed; where that fails, `notKept` is to be called. */
  readonly save: (node: NodeStatus) => void;
  /** Whether a node is none any more, so that nobody waits for it. */
  readonly isRevoked: (node: string) => boolean;
  /** Other nodes can reach one elsewhere, or no more. */
  readonly moved: () => void;
}

/** What is kept of a node may say that it was seen last so long before it was, in milliseconds. */
const SEEN = 600_000;

/** Of what is kept of a node, that which changes while it is connected. */
type Kept = Pick<NodeStatus, 'appliedGeneration' | 'lastSeenAt'>;

/** All nodes that ever connected and were not forgotten. */
export class NodeRegistry {
  readonly #nodes: Map<string, NodeStatus>;
  readonly #kept = new Map<string, Kept>();
  readonly #limit: number;
  readonly #now: () => number;
  readonly #events: NodeEvents;
  #since: number;

  constructor(rows: readonly NodeRow[], limit: number, now: () => number, events: NodeEvents) {
    this.#nodes = new Map();
    this.#read(rows);
    this.#limit = limit;
    this.#now = now;
    this.#events = events;
    this.#since = now();
  }

  /** Since when nodes could have come, in Unix milliseconds: the start, or when this control plane began to lead. */
  get since(): number {
    return this.#since;
  }

  /** Begins with what another control plane has written. Nobody is connected yet. */
  reset(rows: readonly NodeRow[]): void {
    this.#since = this.#now();
    this.#nodes.clear();
    this.#kept.clear();
    this.#read(rows);
  }

  #read(rows: readonly NodeRow[]): void {
    for (const row of rows) {
      const node = nodeFromRow(row);
      this.#nodes.set(row.id, node);
      this.#kept.set(row.id, node);
    }
  }

  /** In order of identifiers. */
  list(): NodeStatus[] {
    return [...this.#nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(id: string): NodeStatus | null {
    return this.#nodes.get(id) ?? null;
  }

  /** Whether it is a node no more, whatever else is known of it. */
  isRevoked(id: string): boolean {
    return this.#events.isRevoked(id);
  }

  get online(): number {
    let count = 0;
    for (const { connectedAt } of this.#nodes.values()) if (connectedAt !== null) count++;
    return count;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The generation that every node has acknowledged that is waited for; null when there is no such node. */
  get appliedEverywhere(): number | null {
    let lowest: number | null = null;
    for (const { appliedGeneration } of this.#awaited()) {
      if (lowest === null || appliedGeneration < lowest) lowest = appliedGeneration;
    }
    return lowest;
  }

  /** Whether every node that is waited for has said since the start what it refuses. */
  get allReported(): boolean {
    return this.#awaited().every(({ reported }) => reported !== 'never');
  }

  /** False when there are as many nodes as there may be. */
  connected(hello: Hello): boolean {
    const known = this.#nodes.get(hello.node);
    if (known === undefined && this.#nodes.size >= this.#limit) return false;
    const now = this.#now();
    const { node: id, zone, software, reactor, workers } = hello;
    const node: NodeStatus = {
      id,
      zone,
      software,
      reactor,
      workers,
      protocol: hello.protocol ?? FIRST_STREAM_VERSION,
      kernel: hello.kernel ?? '',
      capacity: hello.capacity ?? null,
      connections: null,
      kernelFlows: null,
      denied: null,
      beatAt: null,
      // Not what the hello says: what runs there, and what was refused, is known with the first acknowledgement.
      appliedGeneration: Math.min(known?.appliedGeneration ?? 0, hello.version),
      refused: known?.refused ?? [],
      reported: (known?.reported ?? 'never') === 'never' ? 'never' : 'before',
      // A node that comes again and again owes what it owed.
      owesSince: known?.owesSince ?? null,
      datapaths: known?.datapaths ?? [],
      firstSeenAt: known?.firstSeenAt ?? now,
      lastSeenAt: now,
      overload: [],
      floods: null,
      portless: null,
      sharing: null,
      connectedAt: now,
    };
    this.#nodes.set(id, node);
    this.#keep(node);
    this.#events.changed();
    return true;
  }

  disconnected(id: string): void {
    const hadPlace = placeOf(this.#nodes.get(id)?.sharing) !== '';
    const node = this.#update(id, {
      connectedAt: null,
      beatAt: null,
      connections: null,
      kernelFlows: null,
      denied: null,
      overload: [],
      floods: null,
      portless: null,
      sharing: null,
    });
    if (node === null) return;
    this.#keep(node);
    this.#events.changed();
    if (hadPlace) this.#events.moved();
  }

  /**
   * Has what is newer than what is kept of nodes be kept. They are there for as long as the control plane is, as a rule,
   * and what they have acknowledged is then known at once; but after the end of both by a power cut, a node that does not
   * come again would be shown as behind by all that it has applied since it connected, and not seen since. That is worth
   * a look now and then, not a write with each change of each node.
   */
  keepNews(): void {
    for (const node of this.#nodes.values()) {
      const kept = this.#kept.get(node.id);
      const isOld = kept === undefined || node.lastSeenAt - kept.lastSeenAt >= SEEN;
      if (isOld || node.appliedGeneration !== kept.appliedGeneration) this.#keep(node);
    }
  }

  /** It could not be kept after all: the next look tries again. */
  notKept(node: NodeStatus): void {
    if (this.#kept.get(node.id) === node) this.#kept.delete(node.id);
  }

  #keep(node: NodeStatus): void {
    this.#kept.set(node.id, node);
    this.#events.save(node);
  }

  applied(
    id: string,
    version: number,
    refused: readonly RefusedListener[],
    datapaths: readonly ReportedDatapath[] = [],
  ): void {
    const said = { appliedGeneration: version, refused, reported: 'now', datapaths, owesSince: null } as const;
    this.#update(id, { ...said, lastSeenAt: this.#now() });
    this.#events.changed();
  }

  /** It has a plan to acknowledge. */
  owes(id: string): void {
    const node = this.#nodes.get(id);
    if (node?.owesSince === null) this.#update(id, { owesSince: this.#now() });
  }

  /** A heartbeat of the node, with how it is. */
  beat(id: string, said: Beat): void {
    const { overload = [], connections = null, kernelFlows = null, denied = null, floods = [], portless = null } = said;
    this.#update(id, { overload, connections, kernelFlows, denied, floods, portless, beatAt: this.#now() });
  }

  /** How a node shares flows. */
  shares(id: string, sharing: ReportedSharing | null): void {
    const before = this.#nodes.get(id)?.sharing;
    this.#update(id, { sharing });
    if (placeOf(before) !== placeOf(sharing)) this.#events.moved();
  }

  seen(id: string): void {
    this.#update(id, { lastSeenAt: this.#now() });
  }

  /** Forgets a node that is offline. */
  forget(id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new ProblemError('resource-not-found', `there is no node ${id}`);
    if (node.connectedAt !== null) throw new ProblemError('node-online', `the agent of ${id} is connected`);
    this.#nodes.delete(id);
    this.#kept.delete(id);
    this.#events.changed();
  }

  /** All but those that were revoked, or have been away or silent for long. */
  *#awaited(): Generator<NodeStatus> {
    const now = this.#now();
    for (const node of this.#nodes.values()) {
      if (!this.isRevoked(node.id) && !isGone(node, this.#since, now) && !isSilent(node, now)) yield node;
    }
  }

  #update(id: string, fields: Partial<NodeStatus>): NodeStatus | null {
    const node = this.#nodes.get(id);
    if (node === undefined) return null;
    const updated = { ...node, ...fields };
    this.#nodes.set(id, updated);
    return updated;
  }
}

/** Milliseconds without a heartbeat after which a node that is connected does not count as ready. */
const MISSED = 15_000;

/** Whether a node is connected, and has said lately how it is. `now` in Unix milliseconds. */
export function isReady({ connectedAt, beatAt }: NodeStatus, now: number): boolean {
  return connectedAt !== null && now - (beatAt ?? connectedAt) < MISSED;
}

/** Where others reach a node to share flows; empty: nowhere. */
function placeOf(sharing: ReportedSharing | null | undefined): string {
  return sharing?.address == null ? '' : `${sharing.address} ${sharing.port}`;
}

export function nodeToRow(node: NodeStatus): NodeRow {
  return {
    id: node.id,
    zone: node.zone,
    software: node.software,
    reactor: node.reactor,
    workers: node.workers,
    applied_generation: node.appliedGeneration,
    machine: JSON.stringify({ protocol: node.protocol, kernel: node.kernel, capacity: node.capacity }),
    first_seen_at: node.firstSeenAt,
    last_seen_at: node.lastSeenAt,
  };
}

/** What a node has said of its machine; one that was written by an older version says nothing. */
type Machine = Pick<NodeStatus, 'protocol' | 'kernel' | 'capacity'>;
const UNKNOWN_MACHINE: Machine = { protocol: FIRST_STREAM_VERSION, kernel: '', capacity: null };

function nodeFromRow(row: NodeRow): NodeStatus {
  return {
    ...(row.machine === null ? UNKNOWN_MACHINE : (JSON.parse(row.machine) as Machine)),
    connections: null,
    kernelFlows: null,
    denied: null,
    beatAt: null,
    id: row.id,
    zone: row.zone,
    software: row.software,
    reactor: row.reactor,
    workers: row.workers,
    appliedGeneration: row.applied_generation,
    refused: [],
    reported: 'never',
    owesSince: null,
    datapaths: [],
    overload: [],
    floods: null,
    portless: null,
    sharing: null,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    connectedAt: null,
  };
}

/** A node that has joined, and has never been connected. */
export function unseenNode({ node: id, zone, joined_at }: NodeIdentityRow): NodeStatus {
  return {
    ...{ id, zone, software: '', reactor: '', workers: 0, appliedGeneration: 0, connectedAt: null },
    ...UNKNOWN_MACHINE,
    ...{
      connections: null,
      kernelFlows: null,
      denied: null,
      beatAt: null,
      refused: [],
      owesSince: null,
      datapaths: [],
      overload: [],
      floods: null,
      portless: null,
      sharing: null,
    },
    reported: 'never',
    firstSeenAt: joined_at,
    lastSeenAt: joined_at,
  };
}
