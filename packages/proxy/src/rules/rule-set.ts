import type { PlannedRuleGroup, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import { CompiledRule, type ServiceReference } from './compiled-rule.ts';
import { Router } from './router.ts';

/** Where the rules of a group count: a cell of `counts` for each, by its slot. */
interface RuleCounting {
  readonly counts: Float64Array;
  readonly slots: readonly number[];
}

/** A rule group as one worker uses it. Never changed: a new plan makes a new one, and a request holds its rule. */
export class RuleSet {
  readonly router: Router<CompiledRule>;
  /** In the order of the group. */
  readonly rules: readonly CompiledRule[];

  /**
   * `reference` finds services by their ids; `counting` says where rules count what they match, null for those that only
   * judge. Throws a PatternError as `CompiledRule` does.
   */
  constructor(
    group: PlannedRuleGroup,
    reference: (serviceId: string) => ServiceReference,
    counting: RuleCounting | null = null,
  ) {
    const { counts, slots } = counting ?? { counts: new Float64Array(1), slots: [] };
    this.rules = group.rules.map((planned, i) => new CompiledRule(planned, reference, counts, slots[i] ?? 0));
    this.router = new Router(group, this.rules);
  }

  get order(): RuleOrder {
    return this.router.order;
  }
}
