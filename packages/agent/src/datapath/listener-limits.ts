import type { Limits } from '@evenkeel/flow/datapath/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';

/** What the kernel keeps of a listener's limits; null: nothing. Rates of requests are a matter of HTTP. */
export function limitsOf({ sourceLimits, synAlarm }: PlannedListener): Limits | null {
  const packets = sourceLimits?.packets ?? null;
  const flows = sourceLimits?.connections ?? null;
  const syns = synAlarm ?? null;
  return packets === null && flows === null && syns === null ? null : { packets, flows, syns };
}
