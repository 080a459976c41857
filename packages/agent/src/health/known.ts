import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { FailureReason } from './outcome.ts';
import type { HealthState } from './state.ts';

/** What another process has found out about targets, to begin with in its place. Each is asked for once. */
export class KnownHealth {
  readonly #states = new Map<string, HealthState>();

  learn(reported: readonly ReportedHealth[]): void {
    for (const { serviceId, targetId, state, reason, since } of reported) {
      const known = stateOf(state, reason as FailureReason | '', since);
      if (known !== null) this.#states.set(`${serviceId} ${targetId}`, known);
    }
  }

  take(serviceId: string, targetId: string): HealthState | null {
    const key = `${serviceId} ${targetId}`;
    const state = this.#states.get(key) ?? null;
    this.#states.delete(key);
    return state;
  }
}

function stateOf(kind: ReportedHealth['state'], reason: FailureReason | '', since: number): HealthState | null {
  if (kind === 'healthy') return { kind, since, reason, failures: 0 };
  if (kind === 'unhealthy') return { kind, since, reason, successes: 0, misses: null };
  return null;
}
