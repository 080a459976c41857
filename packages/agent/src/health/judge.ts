import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import type { Clock } from '../clock/clock.ts';
import { diagnose, FLAP_CHANGES, FlapCount } from './flapping.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { SharedProbe } from './shared-probe.ts';
import { type HealthState, isNewcomer, judge, newcomerGap, type Thresholds } from './state.ts';

/** Holds the state of one target of one service and turns outcomes of probes into changes of it. */
export class Judge {
  readonly id: number;
  limits: Thresholds;
  /** null: the target does not flap. */
  flapping: Flapping | null = null;
  readonly #clock: Clock;
  readonly #evidence: Pick<SharedProbe, 'history' | 'request' | 'target'>;
  readonly #onChange: (judge: Judge) => void;
  #state: HealthState;
  /** null: it has never changed between healthy and unhealthy. */
  #flaps: FlapCount | null = null;

  /** `onChange` is told when what users see of the state is another. */
  constructor(
    id: number,
    state: HealthState,
    limits: Thresholds,
    clock: Clock,
    evidence: Pick<SharedProbe, 'history' | 'request' | 'target'>,
    onChange: (judge: Judge) => void,
  ) {
    this.id = id;
    this.limits = limits;
    this.#clock = clock;
    this.#evidence = evidence;
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
    const now = this.#clock.wallTime();
    this.#state = judge(before, outcome, this.limits, now);
    if (before === this.#state && this.#flaps === null) return;
    const turned = isTurn(before, this.#state);
    if (turned) {
      this.#flaps ??= new FlapCount();
      this.#flaps.changed(now);
    }
    const flapped = this.#watchFlaps(turned, now);
    if (flapped || before.kind !== this.#state.kind || before.reason !== this.#state.reason) this.#onChange(this);
  }

  newcomerGap(interval: number): number {
    return newcomerGap(this.#state, interval);
  }

  /** Whether what is said of flapping is another now. */
  #watchFlaps(turned: boolean, now: number): boolean {
    if (this.#flaps === null) return false;
    const changes = this.#flaps.within(now);
    if (changes < FLAP_CHANGES) {
      if (changes === 0) this.#flaps = null;
      if (this.flapping === null) return false;
      this.flapping = null;
      return true;
    }
    if (!turned) return false;
    const { history, request, target } = this.#evidence;
    this.flapping = diagnose(changes, this.#asJudged(target.check), history.exchanges(request));
    return true;
  }

  /** Services that share a probe have thresholds of their own. */
  #asJudged(check: PlannedHealthCheck): PlannedHealthCheck {
    return { ...check, ...this.limits };
  }
}

function isTurn(before: HealthState, after: HealthState): boolean {
  return (
    before.kind !== after.kind &&
    (before.kind === 'healthy' || before.kind === 'unhealthy') &&
    (after.kind === 'healthy' || after.kind === 'unhealthy')
  );
}
