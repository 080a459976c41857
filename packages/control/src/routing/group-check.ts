import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { ListenerRecord, RuleRecord } from '../state/records.ts';
import { findRuleGroup, type RuleGroupTree } from '../state/state.ts';
import { inOrder } from './order.ts';
import { leadsToItself } from './redirect-loop.ts';
import { asksForTheSame, findShadow, type Shadow } from './shadow.ts';

/**
 * Refuses rules that only all rules of the group together show to be wrong: those that can never match, and redirects
 * that lead to themselves. `atOf` is the pointer to a rule of the request; null: the rule is not part of it, and `at` is
 * blamed.
 */
export function checkGroup(draft: Draft, groupId: string, atOf: (rule: RuleRecord) => string | null, at: string): void {
  const { tree, group, rules } = findRuleGroup(draft, groupId)!;
  const ordered = inOrder(rules.values());
  const shadow = findShadow(ordered, group.order);
  if (shadow !== null) {
    const { winner, loser } = shadow;
    const own = atOf(loser);
    const remedy = asksForTheSame(winner, loser) ? '' : remedyOf(shadow, own === null);
    const reason =
      own === null
        ? `rule ${loser.name} (priority ${loser.priority}) could never match: this takes all of its requests${remedy}`
        : `can never match: rule ${winner.name} (priority ${winner.priority}) takes all of its requests${remedy}`;
    const blamed = own ?? atOf(winner);
    refuseField('rule-never-matches', blamed === null ? at : `${blamed}/match`, reason);
  }
  const listeners = [...tree.listeners.values()].filter(({ ruleGroupId }) => ruleGroupId === groupId);
  for (const rule of ordered) {
    // Another rule may have been what ended it.
    if (rule.redirect === null) continue;
    const own = atOf(rule);
    const looping = [null, ...listeners].find((listener) => leadsToItself(rule, ordered, group.order, listener));
    if (looping === undefined) continue;
    const reason = loopReason(rule, looping);
    // A deletion has no field.
    if (own === null && at === '') throw new ProblemError('redirect-loop', reason);
    refuseField('redirect-loop', own === null ? at : `${own}/redirect`, reason);
  }
}

/** How both can be had: the rule that takes less has to come first. `blamesWinner`: the rule that is told is the other one. */
function remedyOf({ winner, loser }: Shadow, blamesWinner: boolean): string {
  if (blamesWinner) return `; a priority above ${loser.priority} puts this behind it`;
  return winner.priority > 1
    ? `; a priority below ${winner.priority} puts it in front`
    : `; a priority above ${loser.priority} for rule ${winner.name} puts this in front`;
}

/** Refuses a group whose redirects would lead to themselves by this listener. `at` is the pointer to its `ruleGroupId`. */
export function checkListenerOfGroup(
  { group, rules }: RuleGroupTree,
  listener: Pick<ListenerRecord, 'name' | 'protocol' | 'port'>,
  at: string,
): void {
  const ordered = inOrder(rules.values());
  for (const rule of ordered) {
    if (leadsToItself(rule, ordered, group.order, listener))
      refuseField('redirect-loop', at, loopReason(rule, listener));
  }
}

function loopReason({ name }: RuleRecord, listener: Pick<ListenerRecord, 'name'> | null): string {
  const where = listener === null ? '' : ` by listener ${listener.name}`;
  return `the redirect of rule ${name} leads to itself${where}`;
}
