import { parseHostPattern } from '@evenkeel/model/host-pattern.ts';
import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedAction, PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { jwkSet } from '../routing/jwt.ts';
import { keysWithSecrets } from '../routing/jwt-secrets.ts';
import { inOrder } from '../routing/order.ts';
import type { RuleRecord } from '../state/records.ts';
import type { RuleGroupTree } from '../state/state.ts';

/**
 * The entry of a rule group: its rules in order of priority. Records never change, so what rules are planned as does
 * not, and neither does its JSON: of ten thousand rules, only the one that changed costs anything but its hash.
 */
export function ruleGroupEntry({ group, rules }: RuleGroupTree): PlanEntry {
  const { id, name, order } = group;
  return planEntry('rule-group', { id, name, order, rules: inOrder(rules.values()).map(planRule) }, texts);
}

const planned = new WeakMap<RuleRecord, PlannedRule>();
const known = new WeakMap<object, string>();
const texts = { textOf: (value: object) => known.get(value) };

function planRule(rule: RuleRecord): PlannedRule {
  let made = planned.get(rule);
  if (made === undefined) {
    made = makeRule(rule);
    planned.set(rule, made);
    known.set(made, canonicalJson(made));
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
    jwt: jwt && { ...jwt, keys: jwkSet(keysWithSecrets(rule)) },
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
