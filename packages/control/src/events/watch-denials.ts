import type { NodeStatus } from '../nodes/registry.ts';
import type { Emit } from './event.ts';

/** Milliseconds without any after which denied sources are taken to have given up. */
const QUIET = 300_000;

interface Known {
  /** What the node has said last. */
  readonly count: number;
  /** Refused since denied sources came; null: there are none. */
  readonly refused: number | null;
  /** When there was the last, in Unix milliseconds. */
  readonly at: number;
}

/** Notices that sources which the deny list refuses come to a node, and that they come no more. */
export class DenialWatch {
  readonly #now: () => number;
  readonly #emit: Emit;
  /** By node. What was refused before this control plane began is no news. */
  readonly #known = new Map<string, Known>();

  constructor(now: () => number, emit: Emit) {
    this.#now = now;
    this.#emit = emit;
  }

  look(nodes: readonly Pick<NodeStatus, 'id' | 'denied'>[]): void {
    const present = new Set<string>();
    for (const { id, denied } of nodes) {
      present.add(id);
      if (denied === null) continue;
      const before = this.#known.get(id);
      this.#known.set(id, before === undefined ? this.#first(denied) : this.#compared(id, denied, before));
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
  }

  #first(count: number): Known {
    return { count, refused: null, at: this.#now() };
  }

  #compared(node: string, count: number, before: Known): Known {
    const now = this.#now();
    // An agent that has started anew counts from the start.
    const more = count - before.count;
    if (more > 0) {
      if (before.refused === null) {
        this.#tell('denials.begun', node, more, `Node ${node} refuses sources that the deny list denies.`);
      }
      return { count, refused: (before.refused ?? 0) + more, at: now };
    }
    if (before.refused === null || now - before.at < QUIET) return { ...before, count };
    const message = `Denied sources have left node ${node} alone for ${QUIET / 60_000} minutes.`;
    this.#tell('denials.ended', node, before.refused, message);
    return this.#first(count);
  }

  #tell(kind: 'denials.begun' | 'denials.ended', node: string, refused: number, message: string): void {
    this.#emit({ kind, tenantId: null, subject: { kind: 'node', id: node, name: '' }, message, data: { refused } });
  }
}
