import type { PlannedOutlierDetection } from '@evenkeel/model/plan/resilience.ts';
import { EjectionReason } from './ejections.ts';

/** What one target did in an interval. */
export interface Observed {
  /** Answers with a status below 500, and requests that it answered with another, or not, or not to the end. */
  readonly answers: number;
  readonly failures: number;
  /** Of all good answers together, in milliseconds. */
  readonly answerTime: number;
}

/** Targets that must have been asked often enough before they are compared. */
const MIN_COMPARED = 3;

/** Answers that take less than this are never too slow, whatever the others take, in milliseconds. */
const QUICK = 10;

/**
 * Why each target is an outlier among the others, `none` for one that is not: of the same length as `observed`. Targets
 * that were hardly asked are neither judged nor compared with.
 */
export function judgeRates(observed: readonly Observed[], planned: PlannedOutlierDetection): EjectionReason[] {
  const { minimumRequests, successRateMargin, latencyFactor } = planned;
  const isAsked = (one: Observed) => asked(one) >= minimumRequests;
  const compared = observed.filter(isAsked);
  if (compared.length < MIN_COMPARED) return observed.map(() => EjectionReason.none);
  const mean = compared.reduce((sum, one) => sum + successRate(one), 0) / compared.length;
  const usual = median(compared.filter((one) => one.answers > 0).map(latency));
  return observed.map((one) => {
    if (!isAsked(one)) return EjectionReason.none;
    if (successRateMargin > 0 && mean - successRate(one) > successRateMargin) return EjectionReason.successRate;
    const isSlow = one.answers > 0 && latency(one) > Math.max(QUICK, usual * latencyFactor);
    return latencyFactor > 0 && isSlow ? EjectionReason.latency : EjectionReason.none;
  });
}

function asked({ answers, failures }: Observed): number {
  return answers + failures;
}

/** In per cent. */
function successRate(one: Observed): number {
  return (100 * one.answers) / Math.max(1, asked(one));
}

function latency({ answerTime, answers }: Observed): number {
  return answerTime / answers;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}
