import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { type Machine, NOT_FORWARDED, whyNotKernel } from './decide.ts';
import { type KernelListener, sameEndpoints } from './kernel-record.ts';
import type { SecurityGroups } from './security-groups.ts';
import { type Gates, gatesOf } from './source-gates.ts';

/** A listener that the kernel is to carry, with all that it needs to know of it. */
export interface WantedListener {
  readonly planned: PlannedListener;
  readonly service: EngineService;
  readonly gates: Gates;
}

/** What has become of it. */
export interface Outcome {
  /** Why the kernel does not carry it as it is wanted; empty: it does. */
  readonly reason: string;
  /** Something has failed, and the kernel goes on with what it had of the listener. */
  readonly stays: boolean;
  /**
   * It is what is wanted that the kernel cannot do: what it has of the listener is of use, and stays where the proxy cannot
   * have the listener either. Absent: packets would not get there, or are not to.
   */
  readonly isUsable?: boolean;
}

export const CARRIED: Outcome = { reason: '', stays: false };

/** What the kernel is to know of a listener, or why it cannot carry it. */
export function wantedOf(
  planned: PlannedListener,
  service: EngineService | null,
  machine: Machine,
  findGroup: SecurityGroups['find'],
): WantedListener | Outcome {
  const reason = whyNotKernel(planned, service, machine);
  if (service === null) return { reason, stays: false };
  if (reason !== '') return { reason, stays: false, isUsable: !reason.startsWith(NOT_FORWARDED) };
  const gates = gatesOf(planned, findGroup);
  return typeof gates === 'string' ? { reason: gates, stays: false, isUsable: true } : { planned, service, gates };
}

/** Listeners as the kernel has taken them, with the targets that there are now; without those that it could not carry so. */
export function withTargets(
  taken: readonly WantedListener[],
  services: ReadonlyMap<string, EngineService>,
  machine: Machine,
): WantedListener[] {
  return taken.flatMap((one) => {
    const targets = services.get(one.service.service.id)?.targets;
    if (targets === undefined) return [];
    const service = { ...one.service, targets };
    const reason = whyNotKernel(one.planned, service, machine);
    return reason === '' ? [{ ...one, service }] : [];
  });
}

/** Why the kernel cannot carry a listener; empty: it is asked to. */
export function reasonOf(wanted: WantedListener | Outcome): string {
  return 'reason' in wanted ? wanted.reason : '';
}

/**
 * What becomes of a listener that the proxy cannot have either, for the reason `why` (empty: it is not asked; null: it has the
 * listener): what the kernel has of it at the same place goes on, as it would be nobody's otherwise.
 */
export function keptOutcome(
  planned: PlannedListener,
  outcome: Outcome,
  there: KernelListener | null,
  why: string | null,
): Outcome {
  if (why === null || outcome.reason === '' || outcome.stays || outcome.isUsable !== true) return outcome;
  if (there === null || !sameEndpoints(there, { ...planned, lastPort: planned.lastPort ?? null })) return outcome;
  return { reason: why === '' ? outcome.reason : `${outcome.reason}; nor does the proxy: ${why}`, stays: true };
}
