import type { PlannedRate, PlannedSourceLimits, PlannedSynAlarm } from '@evenkeel/model/plan/limits.ts';
import type { ListenerLimits } from '@evenkeel/model/resources/listener-limits.ts';

/** What one source may do, where anything is limited. */
export function planSourceLimits(limits: ListenerLimits): { readonly sourceLimits?: PlannedSourceLimits } {
  const connections = rateOf(limits.sourceConnectionsPerSecond, limits.sourceConnectionsBurst);
  const requests = rateOf(limits.sourceRequestsPerSecond, limits.sourceRequestsBurst);
  const packets = rateOf(limits.sourcePacketsPerSecond, limits.sourcePacketsBurst);
  return connections === null && requests === null && packets === null
    ? {}
    : { sourceLimits: { connections, requests, packets } };
}

export function planSynAlarm({ synAlarm, synCalm }: ListenerLimits): { readonly synAlarm?: PlannedSynAlarm } {
  return synAlarm === null ? {} : { synAlarm: { alarm: synAlarm, calm: synCalm ?? Math.floor(synAlarm / 2) } };
}

function rateOf(perSecond: number | null, burst: number | null): PlannedRate | null {
  return perSecond === null ? null : { perSecond, burst: burst ?? perSecond };
}
