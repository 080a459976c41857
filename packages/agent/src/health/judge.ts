import type { Clock } from '../clock/clock.ts';
import type { ProbeOutcome } from './outcome.ts';
import { type HealthState, isNewcomer, judge, newcomerGap, type Thresholds } from './state.ts';

/** Holds the state of one target of one service and turns outcomes of probes into changes of it. */
export class Judge {
  readonly id: number;
  limits: Thresholds;
  readonly #clock: Clock;
  readonly #onChange: (judge: Judge) => void;
  #state: HealthState;

  /** `onChange` is told when what users see of the state is another. */
  constructor(id: number, state: HealthState, limits: Thresholds, clock: Clock, onChange: (judge: Judge) => void) {
    this.id = id;
    this.limits = limits;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#state = state;
  }

  get state(): HealthState {
    return this.#state;
  }

  get isNewcomer(): boolean {
    return isNewcomer(this.#state);
  }

  take(outcome: ProbeOutcome): void {
    const before = this.#state;
    this.#state = judge(before, outcome, this.limits, this.#clock.wallTime());
    if (before.kind !== this.#state.kind || before.reason !== this.#state.reason) this.#onChange(this);
  }

  newcomerGap(interval: number): number {
    return newcomerGap(this.#state, interval);
  }
}
