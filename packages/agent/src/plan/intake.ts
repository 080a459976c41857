import { applyDelta, EMPTY_PLAN, planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ToAgent } from '@evenkeel/model/plan/stream.ts';

export type Intake =
  /** The plan is another now; it may have the same entries under a new version. */
  | { readonly kind: 'plan'; readonly plan: NodePlan }
  /** What came does not fit; the control plane is to send a snapshot. */
  | { readonly kind: 'resync'; readonly problem: string }
  /** A delta that was on its way before the control plane heard of the resync. */
  | { readonly kind: 'passed-over' };

/** Follows the plan that the control plane wants, by its snapshots and deltas. Messages are well-formed already. */
export class PlanIntake {
  #plan: NodePlan;
  #awaitsSnapshot = false;

  constructor(plan: NodePlan | null) {
    this.#plan = plan ?? EMPTY_PLAN;
  }

  get plan(): NodePlan {
    return this.#plan;
  }

  /** A new stream begins: its first message answers our `hello`, which names the plan that we have. */
  begin(): void {
    this.#awaitsSnapshot = false;
  }

  take(message: ToAgent): Intake {
    switch (message.type) {
      case 'snapshot': {
        const plan = planOf(message.version, message.entries);
        if (plan.entries.size !== message.entries.length) return this.refuse('a snapshot names a key twice');
        // The plan of a control plane without any objects may come with the hash of nothing.
        if (plan.hash !== message.hash && !(plan.entries.size === 0 && message.hash === EMPTY_PLAN.hash)) {
          return this.refuse('the hash of a snapshot is not that of its entries');
        }
        this.#awaitsSnapshot = false;
        return this.#accept(plan);
      }
      case 'delta': {
        if (this.#awaitsSnapshot) return { kind: 'passed-over' };
        const plan = applyDelta(this.#plan, message);
        if (plan !== null) return this.#accept(plan);
        return this.refuse(`a delta from version ${message.from} does not fit on version ${this.#plan.version}`);
      }
    }
  }

  /** Asks for a snapshot and waits for it. */
  refuse(problem: string): Intake {
    this.#awaitsSnapshot = true;
    return { kind: 'resync', problem };
  }

  #accept(plan: NodePlan): Intake {
    this.#plan = plan;
    return { kind: 'plan', plan };
  }
}
