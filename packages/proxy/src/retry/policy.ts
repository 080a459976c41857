import type { PlannedRetry } from '@evenkeel/model/plan/resilience.ts';
import { AttemptFailure } from './attempt-failure.ts';
import { RetryBudget, type RetryBudgetMemory } from './budget.ts';

const NEVER: readonly AttemptFailure[] = [];

const FAILURES = {
  'connect-failure': [
    AttemptFailure.refused,
    AttemptFailure.connectTimeout,
    AttemptFailure.handshake,
    AttemptFailure.connect,
    AttemptFailure.exhausted,
  ],
  'no-response': [AttemptFailure.noResponse],
  timeout: [AttemptFailure.timeout],
} as const;

/** After what a service asks another target, and how often: as one worker carries it out. */
export class RetryPolicy {
  readonly budget: RetryBudget;
  /** Milliseconds without an answer after which another target is asked; 0: none is for that. */
  readonly tryTimeout: number;
  readonly #planned: PlannedRetry;
  /** A bit per failure. */
  readonly #failures: number;

  constructor(planned: PlannedRetry, budget: RetryBudgetMemory) {
    this.#planned = planned;
    this.budget = new RetryBudget(budget, planned.budget, planned.budgetMinimum);
    const failures = planned.conditions.flatMap((condition) => FAILURES[condition] ?? NEVER);
    this.#failures = failures.reduce<number>((bits, failure) => bits | (1 << failure), 0);
    this.tryTimeout = (this.#failures & (1 << AttemptFailure.timeout)) === 0 ? 0 : planned.tryTimeout;
  }

  /** Attempts of one request, the first included. */
  get attempts(): number {
    return this.#planned.attempts;
  }

  retriesStatus(status: number): boolean {
    const { statuses } = this.#planned;
    return statuses.length > 0 && statuses.includes(status);
  }

  /**
   * Whether another target may be asked after the failure of the attempt of this number, from 1 on; if so, that counts
   * as a retry. `repeatable`: the request is there whole, and its method is idempotent. `now`: wall time.
   *
   * What was refused has reached nobody: asking on brings no target more than one request, and costs no budget.
   */
  takes(failure: AttemptFailure, attempt: number, repeatable: boolean, now: number): boolean {
    if (attempt >= this.#planned.attempts) return false;
    if (failure !== AttemptFailure.status && (this.#failures & (1 << failure)) === 0) return false;
    if (failure === AttemptFailure.refused || failure === AttemptFailure.exhausted) return true;
    if (failure >= AttemptFailure.noResponse && !repeatable) return false;
    return this.budget.take(now);
  }

  /** Whether a request of this kind that is there whole may be sent to another target after it has been sent. */
  repeats(isIdempotent: boolean): boolean {
    return isIdempotent || this.#planned.allMethods;
  }
}
