import { canonicalNetwork } from '@evenkeel/model/network.ts';
import {
  type SecurityGroupCreate,
  type SecurityGroupPatch,
  SecurityRule,
  type SecurityRuleInput,
} from '@evenkeel/model/resources/security-group.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { SecurityGroupRecord } from '../state/records.ts';
import { checkName, checkQuota, checkUnused, notFound, resolve } from './rules.ts';
import { usersOf } from './usage.ts';

export function getSecurityGroup(draft: Draft, id: string): SecurityGroupRecord {
  return draft.securityGroups.get(id) ?? notFound('security group', id);
}

/** `at` is the pointer to `input`. */
export function createSecurityGroup(draft: Draft, input: SecurityGroupCreate, at = ''): SecurityGroupRecord {
  checkQuota(draft, 'securityGroups', draft.securityGroups.size + 1);
  checkName(draft.securityGroups.values(), input.name, at);
  return draft.create('securityGroup', {
    tenantId: draft.tenantId,
    id: draft.newId('securityGroup'),
    name: input.name,
    rules: rulesOf(input.rules, at),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

export function updateSecurityGroup(
  draft: Draft,
  group: SecurityGroupRecord,
  patch: SecurityGroupPatch,
  at = '',
): SecurityGroupRecord {
  if (patch.name !== undefined) checkName(draft.securityGroups.values(), patch.name, at, group.id);
  const { rules, ...plain } = patch;
  return draft.update('securityGroup', group, { ...plain, ...(rules && { rules: rulesOf(rules, at) }) });
}

/** Refused while a load balancer uses it. */
export function deleteSecurityGroup(draft: Draft, group: SecurityGroupRecord): void {
  checkUnused(`security group ${group.name}`, usersOf(draft, group.id));
  draft.remove('securityGroup', group);
}

/** The groups that a load balancer names; `at` is the pointer to the list. */
export function securityGroupIds(draft: Draft, idsOrNames: readonly string[], at: string): string[] {
  const ids = new Set<string>();
  for (const [i, idOrName] of idsOrNames.entries()) {
    const { id, name } = resolve(draft.securityGroups.values(), idOrName, `${at}/${i}`, 'security group');
    if (ids.has(id)) refuseField('validation-failed', `${at}/${i}`, `security group ${name} is named twice`);
    ids.add(id);
  }
  return [...ids];
}

function rulesOf(inputs: readonly SecurityRuleInput[], at: string): SecurityRule[] {
  return inputs.map((input, i) => {
    const rule = completed(SecurityRule, input);
    const { port, lastPort } = rule;
    if (lastPort !== null && port === null) {
      refuseField('validation-failed', `${at}/rules/${i}/lastPort`, 'needs the first of the range in port');
    }
    if (lastPort !== null && port !== null && lastPort < port) {
      refuseField('validation-failed', `${at}/rules/${i}/lastPort`, `is before port ${port}`);
    }
    return { ...rule, source: canonicalNetwork(rule.source)! };
  });
}
