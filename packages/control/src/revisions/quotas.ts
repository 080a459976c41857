import type { QuotaName } from '@evenkeel/model/limits.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { findGroup, findRuleGroup } from '../state/state.ts';

interface Count {
  readonly quota: QuotaName;
  /** Where, in words; empty: in the tenant. */
  readonly within: string;
  readonly count: number;
}

/**
 * Refuses a draft that creates more than the quotas allow, which may have been lowered since the objects were there
 * before. What is there already is not counted against anybody: only where something is created, it is looked.
 */
export function checkQuotasOfNew(draft: Draft): void {
  const created = new Map<string, { readonly around: Count; made: number }>();
  for (const { kind, before, after } of draft.changes) {
    if (before !== null || after === null) continue;
    const around = countAround(draft, kind, after as never);
    if (around === null) continue;
    const key = `${around.quota} ${around.within}`;
    const known = created.get(key);
    if (known === undefined) created.set(key, { around, made: 1 });
    else known.made++;
  }
  for (const { around, made } of created.values()) {
    const { quota: name, within, count } = around;
    const limit = draft.context.quotas[name];
    if (count <= limit) continue;
    const where = within === '' ? '' : ` in ${within}`;
    const reason = `${name} is limited to ${limit}, and there would be ${count}${where}`;
    throw new ProblemError('quota-exceeded', reason, { quota: { name, limit, used: count - made } });
  }
}

interface Parents {
  readonly loadBalancerId: string;
  readonly targetGroupId: string;
  readonly ruleGroupId: string;
}

function countAround(draft: Draft, kind: ResourceKind, record: Parents): Count | null {
  switch (kind) {
    case 'loadBalancer':
      return { quota: 'loadBalancers', within: '', count: draft.loadBalancers.size };
    case 'elasticIp':
      return { quota: 'elasticIps', within: '', count: draft.elasticIps.size };
    case 'certificate':
      return { quota: 'certificates', within: '', count: draft.certificates.size };
    case 'authority':
      return { quota: 'authorities', within: '', count: draft.authorities.size };
    case 'securityPolicy':
      return { quota: 'securityPolicies', within: '', count: draft.securityPolicies.size };
    case 'securityGroup':
      return { quota: 'securityGroups', within: '', count: draft.securityGroups.size };
    case 'vpc':
      return { quota: 'vpcs', within: '', count: draft.vpcs.size };
    case 'subnet':
      return { quota: 'subnets', within: '', count: draft.subnets.size };
    case 'listener':
    case 'backendService':
    case 'targetGroup':
    case 'ruleGroup': {
      const { loadBalancer, listeners, services, groups, ruleGroups } = draft.loadBalancers.get(record.loadBalancerId)!;
      const within = `load balancer ${loadBalancer.name}`;
      const counts = {
        listener: { quota: 'listenersPerLoadBalancer', count: listeners.size },
        backendService: { quota: 'backendServicesPerLoadBalancer', count: services.size },
        targetGroup: { quota: 'targetGroupsPerLoadBalancer', count: groups.size },
        ruleGroup: { quota: 'ruleGroupsPerLoadBalancer', count: ruleGroups.size },
      } as const;
      return { within, ...counts[kind] };
    }
    case 'target': {
      const { group, targets } = findGroup(draft, record.targetGroupId)!;
      return { quota: 'targetsPerTargetGroup', within: `target group ${group.name}`, count: targets.size };
    }
    case 'rule': {
      const { group, rules } = findRuleGroup(draft, record.ruleGroupId)!;
      return { quota: 'rulesPerRuleGroup', within: `rule group ${group.name}`, count: rules.size };
    }
    case 'specification':
    case 'tenant':
    case 'accessPolicy':
    case 'accessKey':
    case 'webhook':
    case 'region':
    case 'zone':
    case 'node':
    case 'user':
    case 'token':
      return null;
    default:
      return kind satisfies never;
  }
}
