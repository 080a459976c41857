import { STANDARD_ZONE } from '@evenkeel/model/plan/balancing.ts';
import { divideByZone, WHOLE } from '@evenkeel/proxy/balance/zones.ts';
import type { EngineService, EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { failsOpen, takesTraffic } from '@evenkeel/proxy/standing/fail-open.ts';

/** A target that takes new flows, and its part of them in relation to the others. */
export interface TargetShare {
  readonly target: EngineTarget;
  readonly weight: number;
}

/** Weights of a table that is shared out between zones are parts of this: whole numbers, so that all nodes agree. */
const PARTS = 1_000_000;

/**
 * The targets that take new flows, as the proxy has it: those with weight that are healthy, all of them where the service
 * fails open, and of the zones as its policy says.
 */
export function sharesOf(service: EngineService): readonly TargetShare[] {
  const open = failsOpen(service);
  const willing = service.targets.filter((target) => takesTraffic(target, open));
  const division = divideByZone(service.service.zone ?? STANDARD_ZONE, service.targets);
  const local = willing.filter(({ isLocal }) => isLocal === true);
  if (division === null) return willing.map(asItIs);
  if (!division.spills) return (local.length > 0 ? local : localOf(service)).map(asItIs);
  const others = willing.filter(({ isLocal }) => isLocal !== true);
  if (local.length === 0 || others.length === 0) return willing.map(asItIs);
  const part = division.localShare / WHOLE;
  return [...shareOut(local, part), ...shareOut(others, 1 - part)];
}

/** Whether flows to a target that is not healthy go to others: not where all of them take traffic. */
export function losesFlows(service: EngineService, { eligible }: EngineTarget): boolean {
  return !eligible && service.targets.some((target) => takesTraffic(target, false)) && !failsOpen(service);
}

/** Of a zone that takes everything whether it is healthy or not. */
function localOf({ targets }: EngineService): readonly EngineTarget[] {
  return targets.filter((target) => target.isLocal === true && takesTraffic(target, true));
}

function shareOut(targets: readonly EngineTarget[], part: number): TargetShare[] {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  return targets
    .map((target) => ({ target, weight: Math.round((target.weight / total) * part * PARTS) }))
    .filter(({ weight }) => weight > 0);
}

function asItIs(target: EngineTarget): TargetShare {
  return { target, weight: target.weight };
}
