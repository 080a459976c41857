import { mayAs } from '@evenkeel/model/access.ts';
import { TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import { type Route, roleFor } from '@evenkeel/model/contract/route.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { named, type State } from '../state/state.ts';
import type { Identity } from './identity.ts';

/** Refuses with `forbidden` what the role of the caller, or its reach, is not enough for. */
export function checkRoute(
  identity: Identity,
  operation: string,
  route: Pick<Route, 'method' | 'role' | 'reach'>,
): void {
  const takes = roleFor(route);
  if (!mayAs(identity.role, takes)) {
    forbid(`${operation} takes the role ${takes}, and ${identity.name} has the role ${identity.role} here`);
  }
  if (route.reach === 'all' && identity.reach !== 'all') {
    forbid(`${operation} takes a role that reaches all tenants, and that of ${identity.name} reaches its own`);
  }
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
