import type { FailureReason, ProbeOutcome } from './outcome.ts';

/**
 * What is known about one target of one service. `since` is Unix milliseconds of the last change of kind; `reason` is
 * why the last probe failed, empty when it did not.
 *
 * A target that has never been healthy is a newcomer. `misses` counts all failures of a newcomer and paces its probes.
 */
export type HealthState =
  | { readonly kind: 'unchecked'; readonly since: number; readonly reason: '' }
  | {
      readonly kind: 'detecting';
      readonly since: number;
      readonly reason: FailureReason | '';
      readonly successes: number;
      readonly failures: number;
      readonly misses: number;
    }
  | { readonly kind: 'healthy'; readonly since: number; readonly reason: FailureReason | ''; readonly failures: number }
  | {
      readonly kind: 'unhealthy';
      readonly since: number;
      readonly reason: FailureReason | '';
      readonly successes: number;
      /** null: it has been healthy before. */
      readonly misses: number | null;
    };

export interface Thresholds {
  /** Successes in a row until healthy. */
  readonly rise: number;
  /** Failures in a row until unhealthy. */
  readonly fall: number;
}

/** Milliseconds between the probes of a newcomer that answers well, and the first step of its back-off. */
export const NEWCOMER_GAP = 100;

export function unchecked(wallTime: number): HealthState {
  return { kind: 'unchecked', since: wallTime, reason: '' };
}

export function detecting(wallTime: number): HealthState {
  return { kind: 'detecting', since: wallTime, reason: '', successes: 0, failures: 0, misses: 0 };
}

/** Whether the target takes new traffic. */
export function isEligible(state: HealthState): boolean {
  return state.kind === 'healthy' || state.kind === 'unchecked';
}

export function isNewcomer(state: HealthState): boolean {
  return state.kind === 'detecting' || (state.kind === 'unhealthy' && state.misses !== null);
}

/** The one place where health changes. Gives back the same object when nothing did. */
export function judge(state: HealthState, outcome: ProbeOutcome, limits: Thresholds, wallTime: number): HealthState {
  switch (outcome.kind) {
    case 'success':
      return afterSuccess(state, limits, wallTime);
    case 'failure':
      return afterFailure(state, outcome.reason, limits, wallTime);
    case 'inconclusive':
      return state;
  }
}

function afterSuccess(state: HealthState, limits: Thresholds, wallTime: number): HealthState {
  switch (state.kind) {
    case 'unchecked':
      return state;
    case 'healthy':
      return state.failures === 0 ? state : { ...state, failures: 0, reason: '' };
    case 'detecting':
    case 'unhealthy': {
      const successes = state.successes + 1;
      if (successes >= limits.rise) return { kind: 'healthy', since: wallTime, reason: '', failures: 0 };
      if (state.kind === 'detecting') return { ...state, successes, failures: 0, reason: '' };
      return { ...state, successes, reason: '' };
    }
  }
}

function afterFailure(state: HealthState, reason: FailureReason, limits: Thresholds, wallTime: number): HealthState {
  switch (state.kind) {
    case 'unchecked':
      return state;
    case 'healthy': {
      const failures = state.failures + 1;
      if (failures < limits.fall) return { ...state, failures, reason };
      return { kind: 'unhealthy', since: wallTime, reason, successes: 0, misses: null };
    }
    case 'detecting': {
      const failures = state.failures + 1;
      const misses = state.misses + 1;
      if (failures < limits.fall) return { ...state, successes: 0, failures, misses, reason };
      return { kind: 'unhealthy', since: wallTime, reason, successes: 0, misses };
    }
    case 'unhealthy':
      return { ...state, successes: 0, reason, misses: state.misses === null ? null : state.misses + 1 };
  }
}

/**
 * Milliseconds from the end of a newcomer's probe to its next: short after a success, doubling with every miss up to
 * `interval` after a failure. So a good newcomer is healthy within rise × 100 ms, one that is still starting is found
 * soon after it is up, and one that answers by turns is not probed faster for ever.
 */
export function newcomerGap(state: HealthState, interval: number): number {
  if (state.kind !== 'detecting' && state.kind !== 'unhealthy') return interval;
  if (state.successes > 0 || state.misses === null || state.misses === 0) return Math.min(interval, NEWCOMER_GAP);
  // 2^30 × 100 ms is beyond any interval; a larger exponent would only lose precision.
  return Math.min(interval, NEWCOMER_GAP * 2 ** Math.min(30, state.misses - 1));
}
