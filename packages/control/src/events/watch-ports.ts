import type { NodeStatus } from '../nodes/registry.ts';
import { findListener, type State } from '../state/state.ts';
import type { Emit } from './event.ts';

/** Milliseconds without any after which flows are taken to find ports again. */
const QUIET = 60_000;

interface Known {
  /** Packets without a port, as the node has said last. */
  readonly count: number;
  /** Since there were none to be had; null: there are. */
  readonly refused: number | null;
  /** When there was the last, in Unix milliseconds. */
  readonly at: number;
}

/** Notices that flows to a listener with source NAT find no port of a node any more, and that they do again. */
export class PortWatch {
  readonly #state: () => State;
  readonly #now: () => number;
  readonly #emit: Emit;
  /** By listener, by node. What was refused before this control plane began is no news. */
  readonly #known = new Map<string, ReadonlyMap<string, Known>>();

  constructor(state: () => State, now: () => number, emit: Emit) {
    this.#state = state;
    this.#now = now;
    this.#emit = emit;
  }

  look(nodes: readonly Pick<NodeStatus, 'id' | 'portless'>[]): void {
    const present = new Set<string>();
    for (const { id, portless } of nodes) {
      present.add(id);
      if (portless === null) continue;
      const counts = new Map(portless.map(({ listenerId, packets }) => [listenerId, packets]));
      this.#known.set(id, this.#compared(id, counts, this.#known.get(id)));
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
  }

  #compared(
    node: string,
    counts: ReadonlyMap<string, number>,
    before: ReadonlyMap<string, Known> | undefined,
  ): ReadonlyMap<string, Known> {
    const now = new Map<string, Known>();
    for (const [listener, count] of counts) {
      const known = before?.get(listener) ?? { count: before === undefined ? count : 0, refused: null, at: 0 };
      now.set(listener, this.#next(node, listener, count, known));
    }
    // One that the kernel does not carry any more is refused nothing.
    for (const [listener, known] of before ?? []) {
      if (!now.has(listener) && known.refused !== null)
        now.set(listener, this.#next(node, listener, known.count, known));
    }
    return now;
  }

  #next(node: string, listener: string, count: number, before: Known): Known {
    const now = this.#now();
    // Counts begin anew with the kernel's tables.
    const more = count - before.count;
    if (more > 0) {
      if (before.refused === null) this.#tell('ports.exhausted', node, listener, more);
      return { count, refused: (before.refused ?? 0) + more, at: now };
    }
    if (before.refused === null || now - before.at < QUIET) return { ...before, count };
    this.#tell('ports.available', node, listener, before.refused);
    return { count, refused: null, at: now };
  }

  /** Without source NAT it was a client that has used a port of its own twice. A listener that is gone is not told of. */
  #tell(kind: 'ports.exhausted' | 'ports.available', node: string, listenerId: string, refused: number): void {
    const found = findListener(this.#state(), listenerId);
    if (found === null) return;
    const { listener, tree } = found;
    const service = listener.backendServiceId === null ? undefined : tree.services.get(listener.backendServiceId);
    if (service?.sourceNat !== true) return;
    const { id: loadBalancerId, tenantId, name } = tree.loadBalancer;
    const called = `listener ${listener.name} of load balancer ${name}`;
    const message =
      kind === 'ports.exhausted'
        ? `New flows to ${called} find no port of node ${node} towards their target, and are refused.`
        : `New flows to ${called} have found ports of node ${node} for ${QUIET / 1_000} seconds.`;
    const subject = { kind: 'listener', id: listenerId, name: listener.name };
    this.#emit({ kind, tenantId, subject, loadBalancerId, message, data: { node, refused } });
  }
}
