import type { EngineService } from '../engine/engine.ts';
import type { EjectionCount } from './ejections.ts';
import { ServiceStanding, type StandingOptions } from './service-standing.ts';
import type { TargetStanding } from './standing.ts';

/** How often ejections are given an end, ended, and slow starts led on, in milliseconds. */
export const SWEEP_INTERVAL = 100;

/** How the targets of all services stand. On the engine's thread. */
export class Standings {
  readonly #options: StandingOptions;
  readonly #services = new Map<string, ServiceStanding>();

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** Takes a service in, new or changed, with the slots of its targets; returns what its workers count ejections in. */
  set(engine: EngineService, slots: readonly number[]): EjectionCount {
    const { id } = engine.service;
    const known = this.#services.get(id);
    if (known !== undefined) {
      known.update(engine, slots);
      return known.count;
    }
    const standing = new ServiceStanding(engine, slots, this.#options);
    this.#services.set(id, standing);
    return standing.count;
  }

  /** All workers know that these targets of the service have left; `isGone`: the service as well. */
  forget(serviceId: string, targetIds: readonly string[], isGone: boolean): void {
    this.#services.get(serviceId)?.forget(targetIds);
    if (isGone) this.#services.delete(serviceId);
  }

  sweep(): void {
    for (const service of this.#services.values()) service.sweep();
  }

  *report(): Generator<TargetStanding> {
    for (const service of this.#services.values()) yield* service.report();
  }
}
