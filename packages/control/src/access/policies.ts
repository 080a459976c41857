import { contract } from '@evenkeel/model/contract/contract.ts';
import {
  type AccessPolicyCreate,
  type AccessPolicyPatch,
  AccessStatement,
  type AccessStatementInput,
} from '@evenkeel/model/resources/access-policy.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';
import { checkName, checkQuota, checkUnused, notFound } from '../resources/rules.ts';
import { usersOf } from '../resources/usage.ts';
import type { Draft } from '../state/draft.ts';
import type { AccessPolicyRecord } from '../state/records.ts';
import { forbid } from './authorization.ts';
import { expressionOf } from './decision.ts';
import type { Identity } from './identity.ts';

const CALLS = Object.keys(contract);
const ALLOWED = 'operationIds of the API reference such as deleteListener, in the same case, with * for any letters';

export function getPolicy(draft: Draft, id: string): AccessPolicyRecord {
  return draft.accessPolicies.get(id) ?? notFound('access policy', id);
}

export function createPolicy(draft: Draft, input: AccessPolicyCreate): AccessPolicyRecord {
  checkQuota(draft, 'accessPolicies', draft.accessPolicies.size + 1);
  checkName(draft.accessPolicies.values(), input.name, '');
  return draft.create('accessPolicy', {
    id: draft.newId('accessPolicy'),
    tenantId: draft.tenantId,
    name: input.name,
    statements: statementsOf(input.statements),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

/** Nobody changes what holds for themselves: a policy that denies could be written away by whom it is for. */
export function updatePolicy(
  draft: Draft,
  by: Identity,
  policy: AccessPolicyRecord,
  patch: AccessPolicyPatch,
): AccessPolicyRecord {
  if (draft.users.get(by.id)?.accessPolicyIds.includes(policy.id)) {
    forbid(`the access policy ${policy.name} holds for ${by.name}: somebody else has to change it`);
  }
  if (patch.name !== undefined) checkName(draft.accessPolicies.values(), patch.name, '', policy.id);
  const { statements, ...plain } = patch;
  return draft.update('accessPolicy', policy, {
    ...plain,
    ...(statements && { statements: statementsOf(statements) }),
  });
}

/** Refused while a user has it. */
export function deletePolicy(draft: Draft, policy: AccessPolicyRecord): void {
  checkUnused(`access policy ${policy.name}`, usersOf(draft, policy.id));
  draft.remove('accessPolicy', policy);
}

/** Refuses what is no policy of the tenant. */
export function checkPolicies(draft: Draft, ids: readonly string[]): readonly string[] {
  for (const [i, id] of ids.entries()) {
    if (!draft.accessPolicies.has(id)) {
      refuseField('reference-not-found', `/accessPolicyIds/${i}`, `there is no access policy ${id}`);
    }
  }
  return ids;
}

/** Refuses what names no call: a slip of the pen in what is to be denied would deny nothing, and nobody would notice. */
function statementsOf(inputs: readonly AccessStatementInput[]): AccessStatement[] {
  return inputs.map((input, i) => {
    for (const [j, pattern] of input.actions.entries()) {
      const expression = expressionOf([pattern]);
      if (CALLS.some((call) => expression.test(call))) continue;
      refuseField('validation-failed', `/statements/${i}/actions/${j}`, `there is no call ${pattern}`, ALLOWED);
    }
    return completed(AccessStatement, input);
  });
}
