import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroupDocument } from '@evenkeel/model/resources/rule-group.ts';
import type { SecurityGroupDocument } from '@evenkeel/model/resources/security-group.ts';
import type { TargetGroupDocument } from '@evenkeel/model/resources/target-group.ts';
import type { VpcDocument } from '@evenkeel/model/resources/vpc.ts';
import * as defaults from './defaults.ts';
import { type Fields, withDefaults, withoutDefaults } from './plain.ts';

/** What is done with each object of a document, given what it has by default. */
type Turn = (fields: Fields, defaults: Fields) => Fields;

/** The identifier of the backend service of a name; null: it is not there yet. */
export type ServiceIds = (name: string) => string | null;

/** The document without what goes without saying. */
export function compactDocument(document: LoadBalancerDocument, idOf: ServiceIds): LoadBalancerDocument {
  return turned(document, withoutDefaults, idOf);
}

/** The document with every field, but for addresses that it leaves open. It must be in plain form; see plain-form.ts. */
export function fullDocument(document: LoadBalancerDocument, idOf: ServiceIds): LoadBalancerDocument {
  return turned(document, withDefaults, idOf);
}

export function compactSecurityGroup(document: SecurityGroupDocument): SecurityGroupDocument {
  return turnedSecurityGroup(document, withoutDefaults);
}

export function fullSecurityGroup(document: SecurityGroupDocument): SecurityGroupDocument {
  return turnedSecurityGroup(document, withDefaults);
}

export function compactVpc(document: VpcDocument): VpcDocument {
  return turnedVpc(document, withoutDefaults);
}

export function fullVpc(document: VpcDocument): VpcDocument {
  return turnedVpc(document, withDefaults);
}

function turned(document: LoadBalancerDocument, turn: Turn, idOf: ServiceIds): LoadBalancerDocument {
  const { targetGroups, backendServices, ruleGroups, listeners } = document;
  const lists = {
    targetGroups: targetGroups?.map((group) => turnedGroup(group, turn)),
    backendServices: backendServices?.map((service) => turn(service, defaults.ofService(service, idOf(service.name)))),
    ruleGroups: ruleGroups?.map((group) => turnedRules(group, turn)),
    listeners: listeners?.map((listener) => turnedListener(listener, turn)),
  };
  return turn({ ...document, ...lists }, defaults.ofLoadBalancer) as LoadBalancerDocument;
}

function turnedGroup(group: TargetGroupDocument, turn: Turn): Fields {
  const targets = group.targets?.map((target) => turn(target, defaults.ofTarget(target)));
  return turn({ ...group, targets }, defaults.ofTargetGroup);
}

function turnedListener(listener: ListenerDocument, turn: Turn): Fields {
  return turn(within(listener, defaults.IN_LISTENERS, turn), defaults.ofListener(listener));
}

function turnedRules(group: RuleGroupDocument, turn: Turn): Fields {
  let last = 0;
  const rules = group.rules?.map((rule) => {
    const standard = defaults.ofRule(last);
    last = rule.priority ?? (standard['priority'] as number | undefined) ?? last;
    return turn(turnedRule(rule, turn), standard);
  });
  return turn({ ...group, rules }, defaults.ofRuleGroup);
}

function turnedRule(rule: RuleDocument, turn: Turn): Fields {
  const { match, rewrite } = rule;
  const path = rewrite?.path && { path: turn(rewrite.path, defaults.OF_PATH_REWRITE) };
  return {
    ...within({ ...rule, ...(rewrite && { rewrite: { ...rewrite, ...path } }) }, defaults.IN_RULES, turn),
    ...(match && { match: within(match, defaults.IN_MATCHES, turn) }),
  };
}

/** The object with what is inside of it turned: an object, or each of a list. */
function within(fields: Fields, inside: Readonly<Record<string, Fields>>, turn: Turn): Fields {
  const result: Record<string, unknown> = { ...fields };
  for (const [field, standard] of Object.entries(inside)) {
    const value = fields[field];
    if (Array.isArray(value)) result[field] = value.map((one: Fields) => turn(one, standard));
    else if (value) result[field] = turn(value as Fields, standard);
  }
  return result;
}

function turnedSecurityGroup(document: SecurityGroupDocument, turn: Turn): SecurityGroupDocument {
  const rules = document.rules.map((rule) => turn(rule, defaults.OF_SECURITY_RULE));
  return turn({ ...document, rules }, defaults.ofShared) as unknown as SecurityGroupDocument;
}

function turnedVpc(document: VpcDocument, turn: Turn): VpcDocument {
  const subnets = document.subnets?.map((subnet) => turn(subnet, defaults.ofSubnet(subnet)));
  return turn({ ...document, subnets }, defaults.ofVpc) as unknown as VpcDocument;
}
