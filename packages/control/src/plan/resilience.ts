import type { Resilience } from '@evenkeel/model/plan/resilience.ts';
import type { OutlierDetection, Retry } from '@evenkeel/model/resources/resilience.ts';
import type { BackendServiceRecord } from '../state/records.ts';

/** What a service does about targets that fail, as plans have it: times in milliseconds. */
export function planResilience({ outlierDetection, slowStart, failOpen, retry }: BackendServiceRecord): Resilience {
  return {
    outlierDetection: planOutlierDetection(outlierDetection),
    slowStart: slowStart.duration * 1_000,
    failOpen: failOpen.threshold,
    retry: planRetry(retry),
  };
}

function planOutlierDetection({ enabled, ...detection }: OutlierDetection): Resilience['outlierDetection'] {
  if (!enabled) return null;
  const { interval, baseEjection, maxEjection } = detection;
  return {
    ...detection,
    interval: interval * 1_000,
    baseEjection: baseEjection * 1_000,
    maxEjection: maxEjection * 1_000,
  };
}

function planRetry({ methods, tryTimeoutMs, ...retry }: Retry): Resilience['retry'] {
  return { ...retry, allMethods: methods === 'all', tryTimeout: tryTimeoutMs };
}
