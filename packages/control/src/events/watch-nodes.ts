import { LOCAL_ZONE } from '@evenkeel/model/zones.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import { findListener, type State } from '../state/state.ts';
import type { Emit } from './event.ts';
import { DenialWatch } from './watch-denials.ts';
import { FloodWatch } from './watch-floods.ts';
import { PortWatch } from './watch-ports.ts';

/** Milliseconds that a node may be away until it is lost, and that those known before the start have to come back. */
const LOST = 60_000;

interface Known {
  readonly connectedAt: number | null;
  readonly lastSeenAt: number;
  readonly overload: readonly string[];
  /** Since when it is away, in Unix milliseconds; null: it is there. */
  readonly awaySince: number | null;
  readonly lost: boolean;
  /** It was there before this control plane started, and has not been seen since. */
  readonly expected: boolean;
}

interface Refusal {
  readonly node: string;
  readonly code: string;
  readonly detail: string;
}

/** Notices what becomes of nodes, by looking at them again and again: that they come and go, are overloaded, refuse listeners. */
export class NodeWatch {
  readonly #nodes: () => readonly NodeStatus[];
  readonly #state: () => State;
  readonly #now: () => number;
  readonly #emit: Emit;
  readonly #known = new Map<string, Known>();
  readonly #floods: FloodWatch;
  readonly #denials: DenialWatch;
  readonly #ports: PortWatch;
  /** By listener. */
  #refused: ReadonlyMap<string, Refusal> = new Map();

  constructor(nodes: () => readonly NodeStatus[], state: () => State, now: () => number, emit: Emit) {
    this.#nodes = nodes;
    this.#state = state;
    this.#now = now;
    this.#emit = emit;
    this.#floods = new FloodWatch(state, emit);
    this.#denials = new DenialWatch(now, emit);
    this.#ports = new PortWatch(state, now, emit);
    for (const { id, lastSeenAt } of nodes()) {
      // One that was away for long was told of by the control plane before this one.
      const lost = now() - lastSeenAt >= LOST;
      this.#known.set(id, { connectedAt: null, lastSeenAt, overload: [], awaySince: now(), lost, expected: true });
    }
  }

  look(): void {
    const nodes = this.#nodes();
    const present = new Set<string>();
    for (const node of nodes) {
      present.add(node.id);
      this.#known.set(node.id, this.#compared(node, this.#known.get(node.id)));
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
    this.#compareRefused(nodes);
    this.#floods.look(nodes);
    this.#denials.look(nodes);
    this.#ports.look(nodes);
  }

  #compared(node: NodeStatus, before: Known | undefined): Known {
    const now = this.#now();
    const { connectedAt, lastSeenAt, overload } = node;
    if (connectedAt === null) {
      const awaySince = before?.awaySince ?? now;
      let lost = before?.lost ?? false;
      // It may have come and gone between two looks.
      const wasThere = before !== undefined && (before.connectedAt !== null || lastSeenAt > before.lastSeenAt);
      if (wasThere) this.#tell('node.down', node, 'is not connected');
      else if (!lost && now - awaySince >= LOST) {
        lost = true;
        this.#tell('node.lost', node, `has not been connected for ${Math.round((now - awaySince) / 1_000)} seconds`);
      }
      return { connectedAt, lastSeenAt, overload: [], awaySince, lost, expected: before?.expected ?? false };
    }
    // One that comes back soon after a start of the control plane was never away.
    const told = before === undefined || (before.connectedAt === null && (!before.expected || before.lost));
    if (told)
      this.#tell('node.up', node, `is connected, with ${node.software} in zone ${node.zone || LOCAL_ZONE.name}`);
    this.#compareOverload(node, before?.overload ?? []);
    return { connectedAt, lastSeenAt, overload, awaySince: null, lost: false, expected: false };
  }

  #compareOverload(node: NodeStatus, before: readonly string[]): void {
    const { overload } = node;
    if (overload.length > 0 && overload.join() !== before.join()) {
      this.#tell('overload.begun', node, `is out of ${overload.join(', ')} and turns new work away`, { overload });
    } else if (overload.length === 0 && before.length > 0) {
      this.#tell('overload.ended', node, 'takes all work again', { overload: before });
    }
  }

  #compareRefused(nodes: readonly NodeStatus[]): void {
    const now = new Map<string, Refusal>();
    for (const { id: node, connectedAt, refused } of nodes) {
      for (const { listenerId, code, detail } of refused) {
        // What a node refused that is away stays as it was told.
        const known = this.#refused.get(listenerId);
        if (connectedAt !== null || known?.node === node) now.set(listenerId, { node, code, detail });
      }
    }
    for (const [id, refusal] of now) {
      const before = this.#refused.get(id);
      if (before?.code !== refusal.code || before.detail !== refusal.detail) this.#tellListener(id, refusal);
    }
    for (const id of this.#refused.keys()) if (!now.has(id)) this.#tellListener(id, null);
    this.#refused = now;
  }

  #tell(
    kind: 'node.up' | 'node.down' | 'node.lost' | 'overload.begun' | 'overload.ended',
    { id, zone, software }: NodeStatus,
    what: string,
    more: object = {},
  ): void {
    const subject = { kind: 'node', id, name: '' };
    this.#emit({ kind, tenantId: null, subject, message: `Node ${id} ${what}.`, data: { zone, software, ...more } });
  }

  /** Null: it runs everywhere again. One that is gone is not told of. */
  #tellListener(listenerId: string, refusal: Refusal | null): void {
    const found = findListener(this.#state(), listenerId);
    if (found === null) return;
    const { listener, tree } = found;
    const { id: loadBalancerId, tenantId, name } = tree.loadBalancer;
    const subject = { kind: 'listener', id: listenerId, name: listener.name };
    const called = `Listener ${listener.name} of load balancer ${name}`;
    if (refusal === null) {
      const message = `${called} runs on every node again.`;
      this.#emit({ kind: 'listener.recovered', tenantId, subject, loadBalancerId, message });
      return;
    }
    const { node, code, detail } = refusal;
    const message = `${called} cannot run on node ${node}: ${detail || code}; what ran there before goes on.`;
    this.#emit({ kind: 'listener.refused', tenantId, subject, loadBalancerId, message, data: { node, code, detail } });
  }
}
