import { parseHostPattern } from '@evenkeel/model/host-pattern.ts';
import type { PlannedAction, PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { inOrder } from '../routing/order.ts';
import type { RuleRecord } from '../state/records.ts';
import type { RuleGroupTree } from '../state/state.ts';

/** The entry of a rule group: its rules in order of priority. */
export function planRuleGroup({ group, rules }: RuleGroupTree): PlannedRuleGroup {
  const { id, name, order } = group;
  return { id, name, order, rules: inOrder(rules.values()).map(planRule) };
}

/** Records never change, so what they are planned as does not. */
const planned = new WeakMap<RuleRecord, PlannedRule>();

function planRule(rule: RuleRecord): PlannedRule {
  let made = planned.get(rule);
  if (made === undefined) {
    made = makeRule(rule);
    planned.set(rule, made);
  }
  return made;
}

function makeRule(rule: RuleRecord): PlannedRule {
  const { id, name, priority, match, jwt, rewrite, mirror, requestHeaders, responseHeaders } = rule;
  return {
    id,
    name,
    priority,
    match: { ...match, hosts: match.hosts.map(parseHostPattern) },
    jwt: jwt && { ...jwt, keys: JSON.stringify({ keys: jwt.keys }) },
    rewrite,
    mirror: mirror && { serviceId: mirror.backendServiceId, percent: mirror.percent },
    requestHeaders,
    responseHeaders,
    action: planAction(rule),
  };
}

function planAction({ forward, redirect, respond }: RuleRecord): PlannedAction {
  if (redirect !== null) return { type: 'redirect', ...redirect };
  if (respond !== null) return { type: 'respond', ...respond };
  const services = forward!.map(({ backendServiceId, weight }) => ({ serviceId: backendServiceId, weight }));
  return { type: 'forward', services };
}
