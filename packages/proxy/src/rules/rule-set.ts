import type { PlannedRuleGroup, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import { CompiledRule, type ServiceReference } from './compiled-rule.ts';
import { Router } from './router.ts';

/** A rule group as one worker uses it. Never changed: a new plan makes a new one, and a request holds its rule. */
export class RuleSet {
  readonly router: Router<CompiledRule>;
  /** In the order of the group. */
  readonly rules: readonly CompiledRule[];

  /** `reference` finds services by their ids. Throws a PatternError as `CompiledRule` does. */
  constructor(group: PlannedRuleGroup, reference: (serviceId: string) => ServiceReference) {
    this.rules = group.rules.map((planned) => new CompiledRule(planned, reference));
    this.router = new Router(group, this.rules);
  }

  get order(): RuleOrder {
    return this.router.order;
  }
}
