import { applyDelta, EMPTY_PLAN, planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan, PlanDelta } from '@evenkeel/model/plan/plan.ts';
import type { PlanMessage, RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { type Faults, refusedFor, withoutFaults } from './refused-entries.ts';

export type Intake =
  /**
   * The plan is another now; it may have the same entries under a new version. In `plan`, what cannot be run is as it was
   * before; `refused` are the listeners that this concerns.
   */
  | { readonly kind: 'plan'; readonly plan: NodePlan; readonly refused: readonly RefusedListener[] }
  /** What came does not fit; the control plane is to send a snapshot. */
  | { readonly kind: 'resync'; readonly problem: string }
  /** A delta that was on its way before the control plane heard of the resync. */
  | { readonly kind: 'passed-over' };

/** Follows the plan that the control plane wants, by its snapshots and deltas. Messages are well-formed already. */
export class PlanIntake {
  /** As the control plane wants it. */
  #plan: NodePlan;
  /** As it can be run. */
  #usable: NodePlan;
  readonly #faults = new Map<string, string>();
  #awaitsSnapshot = false;

  constructor(plan: NodePlan | null) {
    this.#plan = plan ?? EMPTY_PLAN;
    this.#usable = this.#plan;
  }

  get plan(): NodePlan {
    return this.#plan;
  }

  /** A new stream begins: its first message answers our `hello`, which names the plan that we have. */
  begin(): void {
    this.#awaitsSnapshot = false;
  }

  /** `faults` are those of the entries of the message. */
  take(message: PlanMessage, faults: Faults = new Map()): Intake {
    switch (message.type) {
      case 'snapshot': {
        const plan = planOf(message.version, message.entries);
        if (plan.entries.size !== message.entries.length) return this.refuse('a snapshot names a key twice');
        // The plan of a control plane without any objects may come with the hash of nothing.
        if (plan.hash !== message.hash && !(plan.entries.size === 0 && message.hash === EMPTY_PLAN.hash)) {
          return this.refuse('the hash of a snapshot is not that of its entries');
        }
        this.#awaitsSnapshot = false;
        return this.#accept(plan, this.#faults.keys(), faults);
      }
      case 'delta': {
        if (this.#awaitsSnapshot) return { kind: 'passed-over' };
        const plan = applyDelta(this.#plan, message);
        if (plan !== null) return this.#accept(plan, replacedBy(message), faults);
        return this.refuse(`a delta from version ${message.from} does not fit on version ${this.#plan.version}`);
      }
    }
  }

  /** Asks for a snapshot and waits for it. */
  refuse(problem: string): Intake {
    this.#awaitsSnapshot = true;
    return { kind: 'resync', problem };
  }

  /** `replaced` are the keys of entries that are not in the plan any more, or others now. */
  #accept(plan: NodePlan, replaced: Iterable<string>, faults: Faults): Intake {
    for (const key of replaced) this.#faults.delete(key);
    for (const [key, fault] of faults) this.#faults.set(key, fault);
    this.#plan = plan;
    this.#usable = withoutFaults(plan, this.#faults, this.#usable);
    return { kind: 'plan', plan: this.#usable, refused: refusedFor(plan, this.#faults) };
  }
}

function replacedBy({ removes, upserts }: PlanDelta): string[] {
  return [...removes, ...upserts.map(({ key }) => key)];
}
