import { LoadBalancerLimits } from '../limits/load-balancer-limits.ts';
import type { Listener } from './listener.ts';
import type { WorkerRows } from './worker-rows.ts';

/** The limits of load balancers whose listeners this worker runs, as far as they have any. */
export class LoadBalancers {
  readonly #rows: WorkerRows;
  readonly #limited = new Map<string, LoadBalancerLimits>();

  constructor(rows: WorkerRows) {
    this.#rows = rows;
  }

  /** Has the listener count for its load balancer, as its plan says. `slot`: of the load balancer. */
  set(listener: Listener, slot: number): void {
    const { loadBalancerId: id, loadBalancerLimits: limits } = listener.planned;
    if (limits === undefined) {
      this.forget(listener);
      return;
    }
    const known = this.#limited.get(id);
    const together = known ?? new LoadBalancerLimits(limits, this.#rows.loadBalancer(slot));
    if (known === undefined) this.#limited.set(id, together);
    else together.follow(limits);
    together.add(listener);
    listener.together = together;
  }

  /** It is gone, or without limits. */
  forget(listener: Listener): void {
    const { together } = listener;
    if (together === null) return;
    listener.together = null;
    together.remove(listener);
    if (together.empty) this.#limited.delete(listener.planned.loadBalancerId);
  }
}
