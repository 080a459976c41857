import { RULE } from '@evenkeel/model/limits.ts';
import type { RuleInput, RulePatch } from '@evenkeel/model/resources/rule.ts';
import { refuseField } from '../problem.ts';
import { checkName, checkQuota, notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { RuleRecord } from '../state/records.ts';
import { findRuleGroup, type RuleGroupTree } from '../state/state.ts';
import { changeContent, NOTHING } from './content.ts';
import { checkGroup } from './group-check.ts';
import { inOrder } from './order.ts';

export function getRule(draft: Draft, groupId: string, ruleId: string): RuleRecord {
  return groupOf(draft, groupId).rules.get(ruleId) ?? notFound('rule', ruleId);
}

/** Adds one rule, behind the last unless it says where. `at` is the pointer to `input`. */
export function createRule(draft: Draft, groupId: string, input: RuleInput, at = ''): RuleRecord {
  const { tree, group, rules } = groupOf(draft, groupId);
  checkQuota(draft, 'rulesPerRuleGroup', rules.size + 1);
  checkName(rules.values(), input.name, at);
  const last = Math.max(
    0,
    ...inOrder(rules.values())
      .slice(-1)
      .map(({ priority }) => priority),
  );
  const priority = input.priority ?? nextPriority(last, at);
  checkPriority(rules.values(), priority, at);
  const { name, priority: _, ...content } = input;
  const rule = draft.create('rule', {
    id: draft.newId('rule'),
    name,
    ruleGroupId: group.id,
    priority,
    ...changeContent(tree, NOTHING, content, at),
  });
  checkGroup(draft, groupId, (changed) => (changed.id === rule.id ? at : null), `${at}/match`);
  return rule;
}

export function updateRule(draft: Draft, rule: RuleRecord, patch: RulePatch, at = ''): RuleRecord {
  const { tree, rules } = groupOf(draft, rule.ruleGroupId);
  const { name, priority, ...content } = patch;
  if (name !== undefined) checkName(rules.values(), name, at, rule.id);
  if (priority !== undefined) checkPriority(rules.values(), priority, at, rule.id);
  const updated = draft.update('rule', rule, {
    name: name ?? rule.name,
    priority: priority ?? rule.priority,
    ...changeContent(tree, rule, content, at),
  });
  checkGroup(draft, rule.ruleGroupId, (changed) => (changed.id === rule.id ? at : null), `${at}/match`);
  return updated;
}

/** Refused when it is what keeps a redirect from leading to itself. */
export function deleteRule(draft: Draft, rule: RuleRecord): void {
  draft.remove('rule', rule);
  checkGroup(draft, rule.ruleGroupId, () => null, '');
}

/**
 * Makes the rules of the group those of the list: adds, changes and removes; rules are known by their names, and one
 * without a priority comes after the one before it. What a rule does not say has its default, or, with `keep`, stays as
 * it was; secrets stay in either case. Answers with the new rules, in the order of the list. `at` is the pointer to the list.
 */
export function replaceRules(
  draft: Draft,
  groupId: string,
  inputs: readonly RuleInput[],
  at: string,
  keep: 'keep' | 'reset',
): RuleRecord[] {
  const { tree, group, rules } = groupOf(draft, groupId);
  checkQuota(draft, 'rulesPerRuleGroup', inputs.length, rules.size);
  const known = new Map(Array.from(rules.values(), (rule) => [rule.name, rule]));
  const wanted = new Set<string>();
  const priorities = new Set<number>();
  let last = 0;
  const result = inputs.map((input, i) => {
    const { name, priority = nextPriority(last, `${at}/${i}`), ...patch } = input;
    if (wanted.has(name)) refuseField('name-taken', `${at}/${i}/name`, `rule ${name} is in the list twice`);
    if (priorities.has(priority)) {
      refuseField(
        'priority-taken',
        `${at}/${i}/priority`,
        `${priority} is the priority of a rule before it in the list`,
      );
    }
    wanted.add(name);
    priorities.add(priority);
    last = priority;
    const rule = known.get(name);
    const content = changeContent(tree, keep === 'keep' && rule ? rule : NOTHING, patch, `${at}/${i}`, rule);
    return rule === undefined
      ? draft.create('rule', { id: draft.newId('rule'), name, ruleGroupId: group.id, priority, ...content })
      : draft.update('rule', rule, { priority, ...content });
  });
  for (const [name, rule] of known) if (!wanted.has(name)) draft.remove('rule', rule);
  const places = new Map(result.map(({ id }, i) => [id, `${at}/${i}`]));
  checkGroup(draft, groupId, ({ id }) => places.get(id) ?? null, at);
  return result;
}

function groupOf(
  draft: Draft,
  groupId: string,
): RuleGroupTree & Pick<ReturnType<typeof findRuleGroup> & object, 'tree'> {
  return findRuleGroup(draft, groupId) ?? notFound('rule group', groupId);
}

function nextPriority(last: number, at: string): number {
  const next = last + RULE.priority.step;
  if (next <= RULE.priority.maximum) return next;
  refuseField('validation-failed', `${at}/priority`, `is missing: there is none left after ${last}`, {
    minimum: RULE.priority.minimum,
    maximum: RULE.priority.maximum,
  });
}

function checkPriority(rules: Iterable<RuleRecord>, priority: number, at: string, self?: string): void {
  for (const rule of rules) {
    if (rule.priority === priority && rule.id !== self) {
      refuseField('priority-taken', `${at}/priority`, `${priority} is the priority of rule ${rule.name}`);
    }
  }
}
