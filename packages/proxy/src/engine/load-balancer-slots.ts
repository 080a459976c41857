import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { clearLimits, MAX_LOAD_BALANCERS } from '../limits/shared-limits.ts';
import { OVERFLOW_SLOT, Slots } from '../telemetry/slots.ts';

/** Gives load balancers with limits their places in memory that workers share, as long as they have listeners. */
export class LoadBalancerSlots {
  readonly #memory: Int32Array;
  readonly #slots = new Slots<string>(MAX_LOAD_BALANCERS);
  /** By load balancer: those of its listeners that are limited with it. */
  readonly #listeners = new Map<string, Set<string>>();
  /** By listener. */
  readonly #ofListener = new Map<string, string>();

  constructor(memory: Int32Array) {
    this.#memory = memory;
  }

  /** The slot of the listener's load balancer; null: the listener is gone. */
  of(listenerId: string, planned: PlannedListener | null): number {
    const id = planned?.loadBalancerLimits === undefined ? null : planned.loadBalancerId;
    if (id === null) {
      this.#leave(listenerId);
      return OVERFLOW_SLOT;
    }
    this.#ofListener.set(listenerId, id);
    const listeners = this.#listeners.get(id);
    if (listeners === undefined) this.#listeners.set(id, new Set([listenerId]));
    else listeners.add(listenerId);
    return this.#slots.take(id, id);
  }

  /** To be called when every worker has acknowledged the changes since the last time. */
  sweep(): void {
    this.#slots.sweep((slot) => {
      clearLimits(this.#memory, slot);
      return true;
    });
  }

  #leave(listenerId: string): void {
    const id = this.#ofListener.get(listenerId);
    if (id === undefined) return;
    this.#ofListener.delete(listenerId);
    const listeners = this.#listeners.get(id)!;
    listeners.delete(listenerId);
    if (listeners.size > 0) return;
    this.#listeners.delete(id);
    this.#slots.retire(id);
  }
}
