import { TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Change, Draft } from '../state/draft.ts';
import { named, type State } from '../state/state.ts';
import { type Asked, decide, policiesOf } from './decision.ts';
import type { Identity } from './identity.ts';
import { subjectOfRecord } from './subjects.ts';

/** Refuses with `forbidden` what the role of the caller, its reach or its access policies do not allow. */
export function checkAsked(identity: Identity, asked: Asked, whole: State): void {
  const { allowed, reason } = decide(identity, policiesOf(identity, whole), asked);
  if (!allowed) forbid(reason);
}

/**
 * Refuses a change that a policy does not allow, by whatever call it is made: several objects may be changed by one, and
 * none of them has to be in its path. Both what an object was and what it becomes have to be allowed.
 */
export function checkChanges(
  identity: Identity,
  operation: string,
  route: Pick<Route, 'method' | 'role' | 'reach'>,
  draft: Draft,
): void {
  const policies = policiesOf(identity, draft.whole);
  if (policies.length === 0) return;
  for (const { kind, before, after } of draft.changes) {
    const actions = [operation, ...actionsOf(kind, before, after)];
    const subjects = [
      ...(before === null ? [] : [subjectOfRecord(draft.base, kind, before)]),
      ...(after === null ? [] : [subjectOfRecord(draft, kind, after)]),
    ];
    const { allowed, reason } = decide(identity, policies, { actions, route, subjects, complete: true });
    if (!allowed) forbid(`${reason}: ${kind} ${(after ?? before)!.name}`);
  }
}

/** The calls that make such a change by themselves. */
function actionsOf(kind: ResourceKind, before: Change['before'], after: Change['after']): string[] {
  if (kind === 'target') {
    if (before === null) return ['registerTargets'];
    return after === null ? ['deregisterTarget', 'deregisterTargets'] : ['updateTarget', 'updateTargets'];
  }
  const verb = before === null ? 'create' : after === null ? 'delete' : 'update';
  return [`${verb}${kind[0]!.toUpperCase()}${kind.slice(1)}`];
}

/**
 * The tenant that a request is about: that of the user, or the one that the header names. For those whose role does not
 * reach it, a tenant is not there.
 */
export function tenantFor({ tenantId, reach }: Identity, header: string | undefined, { tenants }: State): string {
  if (header === undefined) return tenantId;
  const wanted = decoded(header);
  const found = tenants.get(wanted) ?? named(tenants.values(), wanted);
  if (found !== null && (reach === 'all' || found.id === tenantId)) return found.id;
  return refuseField('reference-not-found', `header ${TENANT_HEADER}`, `there is no tenant ${wanted}`);
}

/** Names have letters that headers may not have: they are sent percent-encoded. */
function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

export function forbid(reason: string): never {
  throw new ProblemError('forbidden', reason);
}
