import type { PlannedLoadBalancerLimits } from '@evenkeel/model/plan/limits.ts';
import type { SharedLimits } from './shared-limits.ts';

const most = (limit: number | null): number => limit ?? Number.POSITIVE_INFINITY;

/** A listener as far as its load balancer counts it. */
interface Counted {
  readonly shared: SharedLimits;
}

/**
 * What all listeners of a load balancer may take together, as one worker sees it. Connections are counted by listener,
 * whether there is a limit or not, and added up here where there is one: so a limit may come, change and go while
 * connections are open, and a worker that dies leaves nothing behind but what its listeners leave.
 */
export class LoadBalancerLimits {
  readonly #listeners = new Set<Counted>();
  /** Its buckets, which all workers share. */
  readonly #shared: SharedLimits;
  #connections = 0;
  #connectionsPerSecond = 0;
  #requestsPerSecond = 0;

  constructor(limits: PlannedLoadBalancerLimits, shared: SharedLimits) {
    this.#shared = shared;
    this.follow(limits);
  }

  /** The plan says something else. */
  follow({ connections, connectionsPerSecond, requestsPerSecond }: PlannedLoadBalancerLimits): void {
    this.#connections = most(connections);
    this.#connectionsPerSecond = most(connectionsPerSecond);
    this.#requestsPerSecond = most(requestsPerSecond);
  }

  add(listener: Counted): void {
    this.#listeners.add(listener);
  }

  remove(listener: Counted): void {
    this.#listeners.delete(listener);
  }

  get empty(): boolean {
    return this.#listeners.size === 0;
  }

  /**
   * Whether the place that a connection has just taken at its listener is one too many. Of workers that take the last
   * place at once, all may be told so, and never none.
   */
  get isBeyond(): boolean {
    if (this.#connections === Number.POSITIVE_INFINITY) return false;
    let taken = 0;
    for (const { shared } of this.#listeners) taken += shared.taken;
    return taken > this.#connections;
  }

  /** Whether there is a connection left of this second's; `now`: milliseconds of a clock that all threads share. */
  takeConnection(now: number): boolean {
    const rate = this.#connectionsPerSecond;
    return rate === Number.POSITIVE_INFINITY || this.#shared.connectionRate.take(rate, now);
  }

  takeRequest(now: number): boolean {
    const rate = this.#requestsPerSecond;
    return rate === Number.POSITIVE_INFINITY || this.#shared.requestRate.take(rate, now);
  }
}
