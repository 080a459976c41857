import type { PlannedRule, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import { CompiledRule, type ServiceReference } from './compiled-rule.ts';
import { type FoundBy, Router } from './router.ts';
import type { Steps } from './steps.ts';

/** Where the rules of a group count: a cell of `counts` for each, by its slot. */
interface RuleCounting {
  readonly counts: Float64Array;
  readonly slots: ArrayLike<number>;
}

/** A rule group as one worker uses it. Never changed: a new plan makes a new one, and a request holds its rule. */
export class RuleSet {
  readonly router: Router<CompiledRule>;
  /** In the order of the group. */
  readonly rules: readonly CompiledRule[];

  private constructor(router: Router<CompiledRule>, rules: readonly CompiledRule[]) {
    this.router = router;
    this.rules = rules;
  }

  /**
   * `rules` are read one by one, in the order of the group. `reference` finds services by their ids; `counting` says where
   * rules count what they match, null for those that only judge. Throws a PatternError as `CompiledRule` does.
   */
  static *compile(
    order: RuleOrder,
    rules: Iterable<PlannedRule>,
    reference: (serviceId: string) => ServiceReference,
    counting: RuleCounting | null = null,
  ): Steps<RuleSet> {
    const { counts, slots } = counting ?? { counts: new Float64Array(1), slots: [] };
    const compiled: CompiledRule[] = [];
    const found: FoundBy[] = [];
    for (const planned of rules) {
      compiled.push(new CompiledRule(planned, reference, counts, slots[compiled.length] ?? 0));
      found.push({ priority: planned.priority, match: planned.match });
      yield;
    }
    return new RuleSet(yield* Router.compile({ order, rules: found }, compiled), compiled);
  }

  get order(): RuleOrder {
    return this.router.order;
  }
}
