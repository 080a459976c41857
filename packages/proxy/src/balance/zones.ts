import { mixed } from '@evenkeel/model/hashing/murmur3.ts';
import type { PlannedZone } from '@evenkeel/model/plan/balancing.ts';
import type { EngineTarget } from '../engine/engine.ts';

/** Shares of traffic are counted in parts of this. */
export const WHOLE = 65_536;

/** How the traffic of one node is divided between the targets of its own zone and those elsewhere. */
export interface ZoneDivision {
  /** Parts of `WHOLE` that stay in the zone. */
  readonly localShare: number;
  /** Whether targets elsewhere are used at all. */
  readonly spills: boolean;
}

/**
 * The division that a service's policy asks for; null: zones do not matter, because the policy says so, or the node or
 * none of the targets is in a zone that is its own.
 *
 * With `prefer` the own zone takes everything as long as at least `threshold` percent of its weight is healthy. Below, it
 * takes healthy ÷ threshold of it, and the rest goes to where targets are: so what is left in the zone is not asked for
 * more than threshold⁻¹ times its fair share.
 */
export function divideByZone(zone: PlannedZone, targets: readonly EngineTarget[]): ZoneDivision | null {
  if (zone.preference === 'none') return null;
  let registered = 0;
  let healthy = 0;
  let elsewhere = 0;
  for (const { weight, state, eligible, isLocal } of targets) {
    if (weight <= 0 || state !== 'active') continue;
    if (isLocal !== true) {
      if (eligible) elsewhere += weight;
      continue;
    }
    registered += weight;
    if (eligible) healthy += weight;
  }
  if (registered === 0) return null;
  if (zone.preference === 'strict') return { localShare: WHOLE, spills: false };
  // Nobody is healthy anywhere: all are used alike.
  if (healthy + elsewhere === 0) return null;
  if (elsewhere === 0) return { localShare: WHOLE, spills: false };
  const share = Math.min(1, (healthy * 100) / (registered * zone.threshold));
  return { localShare: Math.round(share * WHOLE), spills: true };
}

/** Whether the turn or hash with this number stays in the zone. */
export function staysLocal(number: number, localShare: number): boolean {
  return localShare === WHOLE || mixed(number ^ 0x2ce1_b2a7) % WHOLE < localShare;
}
