import type { EngineService, EngineTarget } from '../engine/engine.ts';

/**
 * Whether health counts for nothing because too few of the targets that could take traffic are healthy: none, or
 * fewer than the service's share. Then all take traffic: a check that is wrong about everybody costs nobody the service,
 * and the few that are left do not drown.
 */
export function failsOpen({ service, targets }: EngineService): boolean {
  let weighted = 0;
  let eligible = 0;
  for (const target of targets) {
    if (!takesTraffic(target, true)) continue;
    weighted++;
    if (target.eligible) eligible++;
  }
  return eligible === 0 ? weighted > 0 : eligible * 100 < (service.failOpen ?? 0) * weighted;
}

/** Whether the target takes new traffic; `open`: whether its service fails open. */
export function takesTraffic({ weight, state, eligible }: EngineTarget, open: boolean): boolean {
  return weight > 0 && state === 'active' && (eligible || open);
}
