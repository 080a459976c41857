import type { EjectionReasonName, ReportedHealth, ReportedTraffic } from '@evenkeel/model/plan/stream.ts';
import type { TargetStanding } from '@evenkeel/proxy/standing/standing.ts';

export interface EjectionCount {
  readonly serviceId: string;
  readonly targetId: string;
  readonly reason: EjectionReasonName;
  count: number;
}

/** What has become of a target, when it is worth an event. */
export type StandingTurn = 'ejected' | 'back' | 'starting' | 'started' | null;

/** How targets stand with the traffic of this node, as the engine last told it; those that stand as usual are not kept. */
export class TrafficStandings {
  readonly #standings = new Map<string, TargetStanding>();
  readonly #ejections = new Map<string, EjectionCount>();
  readonly #open = new Set<string>();

  /** Takes the word of the engine about one target; returns what has become of it. */
  take(standing: TargetStanding): StandingTurn {
    const key = keyOf(standing);
    const before = this.#standings.get(key);
    if (isUsual(standing)) this.#standings.delete(key);
    else this.#standings.set(key, standing);
    if (standing.ejected !== null && before?.ejected?.since !== standing.ejected.since) {
      this.#count(standing, standing.ejected.reason);
      return 'ejected';
    }
    if (standing.ejected === null && before?.ejected) return 'back';
    const wasStarting = before !== undefined && before.share < 100;
    const isStarting = standing.ejected === null && standing.share < 100;
    if (isStarting && !wasStarting) return 'starting';
    return wasStarting && standing.share === 100 ? 'started' : null;
  }

  /** True when the service has begun or ceased to fail open: told for each of its targets, it is news once. */
  turnsOpen({ serviceId, failOpen }: TargetStanding): boolean {
    if (this.#open.has(serviceId) === failOpen) return false;
    if (failOpen) this.#open.add(serviceId);
    else this.#open.delete(serviceId);
    return true;
  }

  /** What the engine says of all targets: what is not among it is gone. */
  reset(standings: Iterable<TargetStanding>): void {
    this.#standings.clear();
    this.#open.clear();
    const services = new Set<string>();
    for (const standing of standings) {
      services.add(standing.serviceId);
      if (standing.failOpen) this.#open.add(standing.serviceId);
      if (!isUsual(standing)) this.#standings.set(keyOf(standing), standing);
    }
    for (const [key, { serviceId }] of this.#ejections) if (!services.has(serviceId)) this.#ejections.delete(key);
  }

  /** The health of a target, with how it stands. */
  join(health: ReportedHealth): ReportedHealth {
    const standing = this.#standings.get(keyOf(health));
    return standing === undefined ? health : { ...health, traffic: trafficOf(standing) };
  }

  /** Ejections by target and reason since the start. */
  ejections(): Iterable<EjectionCount> {
    return this.#ejections.values();
  }

  #count({ serviceId, targetId }: TargetStanding, reason: EjectionReasonName): void {
    const key = `${serviceId} ${targetId} ${reason}`;
    const known = this.#ejections.get(key);
    if (known === undefined) this.#ejections.set(key, { serviceId, targetId, reason, count: 1 });
    else known.count++;
  }
}

function isUsual({ ejected, share, failOpen }: TargetStanding): boolean {
  return ejected === null && share === 100 && !failOpen;
}

function trafficOf({ ejected, share, failOpen }: TargetStanding): ReportedTraffic {
  return { ejected, share, failOpen };
}

function keyOf({ serviceId, targetId }: { readonly serviceId: string; readonly targetId: string }): string {
  return `${serviceId} ${targetId}`;
}
