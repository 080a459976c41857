import type { Clock } from '../clock/clock.ts';
import type { ProbeOutcome } from './outcome.ts';
import { type HealthState, isNewcomer, judge, newcomerGap, type Thresholds } from './state.ts';

/** Holds the state of one target of one service and turns outcomes of probes into changes of it. */
export class Judge {
  readonly serviceId: string;
  readonly targetId: string;
  limits: Thresholds;
  readonly #clock: Clock;
  readonly #onChange: (judge: Judge, before: HealthState) => void;
  #state: HealthState;

  constructor(
    ids: { readonly serviceId: string; readonly targetId: string },
    state: HealthState,
    limits: Thresholds,
    clock: Clock,
    onChange: (judge: Judge, before: HealthState) => void,
  ) {
    this.serviceId = ids.serviceId;
    this.targetId = ids.targetId;
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
    this.become(judge(this.#state, outcome, this.limits, this.#clock.wallTime()));
  }

  /** Takes on a state and tells of it when what users see of it is another. */
  become(state: HealthState): void {
    const before = this.#state;
    this.#state = state;
    if (before.kind !== state.kind || before.reason !== state.reason) this.#onChange(this, before);
  }

  newcomerGap(interval: number): number {
    return newcomerGap(this.#state, interval);
  }
}
