import type { NodeStatus } from '../nodes/registry.ts';
import { findListener, type State } from '../state/state.ts';
import type { Emit } from './event.ts';

/** Notices that floods of connections to listeners begin and end, on each node for itself. */
export class FloodWatch {
  readonly #state: () => State;
  readonly #emit: Emit;
  /** Listeners under a flood, by node. What a node that is away said last stays until it says something else. */
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(state: () => State, emit: Emit) {
    this.#state = state;
    this.#emit = emit;
  }

  look(nodes: readonly Pick<NodeStatus, 'id' | 'floods'>[]): void {
    const present = new Set<string>();
    for (const { id, floods } of nodes) {
      present.add(id);
      if (floods === null) continue;
      const before = this.#known.get(id) ?? NONE;
      const now = new Set(floods);
      for (const listener of now) if (!before.has(listener)) this.#tell('flood.begun', listener, id);
      for (const listener of before) if (!now.has(listener)) this.#tell('flood.ended', listener, id);
      if (now.size === 0) this.#known.delete(id);
      else this.#known.set(id, now);
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
  }

  /** A listener that is gone is not told of. */
  #tell(kind: 'flood.begun' | 'flood.ended', listenerId: string, node: string): void {
    const found = findListener(this.#state(), listenerId);
    if (found === null) return;
    const { listener, tree } = found;
    const { id: loadBalancerId, tenantId, name } = tree.loadBalancer;
    const { synAlarm, synCalm } = listener.limits;
    const called = `Listener ${listener.name} of load balancer ${name}`;
    const message =
      kind === 'flood.begun'
        ? `${called} is under a flood of connections on node ${node}.`
        : `The flood of connections to ${called[0]!.toLowerCase()}${called.slice(1)} on node ${node} is over.`;
    const subject = { kind: 'listener', id: listenerId, name: listener.name };
    this.#emit({ kind, tenantId, subject, loadBalancerId, message, data: { node, synAlarm, synCalm } });
  }
}

const NONE: ReadonlySet<string> = new Set();
