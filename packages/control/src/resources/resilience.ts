import { FAIL_OPEN, OUTLIER_DETECTION, RETRY, SLOW_START } from '@evenkeel/model/limits.ts';
import type { ServiceProtocol } from '@evenkeel/model/plan/objects.ts';
import type { BackendServicePatch } from '@evenkeel/model/resources/backend-service.ts';
import type { FailOpen, OutlierDetection, Retry, SlowStart } from '@evenkeel/model/resources/resilience.ts';
import { refuseField } from '../problem.ts';

/** What a backend service does about targets that fail. */
export interface ServiceResilience {
  readonly outlierDetection: OutlierDetection;
  readonly slowStart: SlowStart;
  readonly failOpen: FailOpen;
  readonly retry: Retry;
}

/** The resilience of a new backend service that says nothing about it. */
export const STANDARD_RESILIENCE: ServiceResilience = {
  outlierDetection: {
    enabled: true,
    consecutiveErrors: OUTLIER_DETECTION.consecutiveErrors.default,
    consecutiveConnectFailures: OUTLIER_DETECTION.consecutiveConnectFailures.default,
    successRateMargin: OUTLIER_DETECTION.successRateMargin.default,
    latencyFactor: OUTLIER_DETECTION.latencyFactor.default,
    minimumRequests: OUTLIER_DETECTION.minimumRequests.default,
    interval: OUTLIER_DETECTION.interval.default,
    baseEjection: OUTLIER_DETECTION.baseEjection.default,
    maxEjection: OUTLIER_DETECTION.maxEjection.default,
    maxEjectedShare: OUTLIER_DETECTION.maxEjectedShare.default,
  },
  slowStart: { duration: SLOW_START.duration.default },
  failOpen: { threshold: FAIL_OPEN.threshold.default },
  retry: {
    conditions: ['connect-failure', 'no-response'],
    statuses: [],
    methods: 'idempotent',
    attempts: RETRY.attempts.default,
    tryTimeoutMs: RETRY.tryTimeoutMs.default,
    budget: RETRY.budget.default,
    budgetMinimum: RETRY.budgetMinimum.default,
  },
};

/** The resilience with the given fields changed. `at` is the pointer to the service of this protocol. */
export function changeResilience(
  current: ServiceResilience,
  patch: Pick<BackendServicePatch, keyof ServiceResilience>,
  protocol: ServiceProtocol,
  at: string,
): ServiceResilience {
  const outlierDetection = { ...current.outlierDetection, ...patch.outlierDetection };
  const { baseEjection, maxEjection } = outlierDetection;
  if (baseEjection > maxEjection) {
    const named = patch.outlierDetection?.maxEjection === undefined ? 'baseEjection' : 'maxEjection';
    const reason = `the first ejection would take ${baseEjection} s, and the longest ${maxEjection} s`;
    refuseField('validation-failed', `${at}/outlierDetection/${named}`, reason);
  }
  return {
    outlierDetection,
    slowStart: { ...current.slowStart, ...patch.slowStart },
    failOpen: { ...current.failOpen, ...patch.failOpen },
    retry: changeRetry(current.retry, patch.retry, protocol, at),
  };
}

function changeRetry(current: Retry, patch: Partial<Retry> | undefined, protocol: string, at: string): Retry {
  const changed = { ...current, ...patch };
  if (protocol !== 'http' && patch?.statuses !== undefined && patch.statuses.length > 0) {
    refuseField('validation-failed', `${at}/retry/statuses`, `${protocol} has no statuses to go by`);
  }
  if (patch?.tryTimeoutMs !== undefined && patch.tryTimeoutMs > 0 && !changed.conditions.includes('timeout')) {
    const reason = 'means nothing without the condition timeout: name it among the conditions, or give 0';
    refuseField('validation-failed', `${at}/retry/tryTimeoutMs`, reason, ['0']);
  }
  return changed;
}
