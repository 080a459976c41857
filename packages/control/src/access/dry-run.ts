import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { AccessDecision } from '@evenkeel/model/resources/access-policy.ts';
import { refuseField } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { State } from '../state/state.ts';
import { forbid } from './authorization.ts';
import { decide, policiesOf } from './decision.ts';
import type { Caller, Identity } from './identity.ts';
import { subjectFor } from './subjects.ts';

interface Question {
  readonly action: string;
  readonly resourceId?: string;
  readonly userId?: string;
}

/** Whether somebody could do something, and why; nothing is done. `own` is the state as the tenant sees it. */
export function wouldBeAllowed(
  caller: Caller,
  own: State,
  whole: State,
  { action, resourceId = '', userId }: Question,
): AccessDecision {
  if (!Object.hasOwn(contract, action)) {
    refuseField('validation-failed', 'query action', `there is no call ${action}`);
  }
  const route: Route = contract[action as OperationName];
  const identity = userId === undefined || userId === caller.id ? caller : somebody(caller, own, userId);
  if (resourceId !== '') checkThere(own, resourceId);
  const subjects = resourceId === '' ? [] : [subjectFor(own, resourceId)];
  const asked = { actions: [action], route, subjects, complete: true };
  const decision = decide(identity, policiesOf(identity, whole), asked);
  return { userId: identity.id, action, resourceId, ...decision };
}

/** A user of the tenant as they are by themselves: one of their tokens may be good for less. */
function somebody(caller: Caller, own: State, userId: string): Identity {
  if (caller.role !== 'admin') forbid(`what others may do is for admins to ask, and ${caller.name} is none here`);
  const user = own.users.get(userId) ?? notFound('user', userId);
  const { id, name, role, reach, tenantId } = user;
  return { id, name, role, reach, tenantId, credential: { kind: 'token', id: '' }, expiresAt: null };
}

/** What is another tenant's is not there. */
function checkThere(own: State, id: string): void {
  const { ids, tags } = subjectFor(own, id);
  if (ids.length > 1 || Object.keys(tags).length > 0) return;
  const { loadBalancers, elasticIps, certificates, authorities, securityPolicies, securityGroups, users } = own;
  const { accessPolicies, vpcs, subnets } = own;
  const kinds = [loadBalancers, elasticIps, certificates, authorities, securityPolicies, securityGroups];
  if (
    ![...kinds, users, accessPolicies, vpcs, subnets].some((kind) => (kind as ReadonlyMap<string, unknown>).has(id))
  ) {
    notFound('object', id);
  }
}
