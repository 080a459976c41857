import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { BandwidthWord, newBandwidthMemory } from '../limits/bandwidth/bandwidth-memory.ts';

interface Known {
  readonly memory: Int32Array;
  /** Identifiers of its listeners. */
  readonly listeners: Set<string>;
}

/** What workers share of the bandwidth of each load balancer that has a limit, as long as it has listeners. */
export class Bandwidths {
  readonly #workers: number;
  readonly #known = new Map<string, Known>();
  /** The load balancer of each listener with a limit. */
  readonly #loadBalancers = new Map<string, string>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** Takes a listener in as it is planned now, null: it goes. Returns the memory of its load balancer; null: no limit. */
  set(id: string, planned: PlannedListener | null): Int32Array | null {
    if (planned === null || planned.bandwidth === undefined) {
      this.#forget(id);
      return null;
    }
    const { loadBalancerId } = planned;
    let known = this.#known.get(loadBalancerId);
    if (known === undefined) {
      known = { memory: newBandwidthMemory(this.#workers), listeners: new Set() };
      this.#known.set(loadBalancerId, known);
    }
    known.listeners.add(id);
    this.#loadBalancers.set(id, loadBalancerId);
    return known.memory;
  }

  /** A worker has died: nobody is in line there any more, and others need not leave anything for it. */
  forgetWorker(index: number): void {
    for (const { memory } of this.#known.values()) Atomics.store(memory, BandwidthWord.waiting + index, 0);
  }

  #forget(id: string): void {
    const loadBalancerId = this.#loadBalancers.get(id);
    if (loadBalancerId === undefined) return;
    this.#loadBalancers.delete(id);
    const known = this.#known.get(loadBalancerId);
    known?.listeners.delete(id);
    if (known?.listeners.size === 0) this.#known.delete(loadBalancerId);
  }
}
