/** What a service does about targets that fail, as plans carry it. Times in milliseconds, shares in per cent. */

/** Passive health: what traffic itself says of the targets. */
export interface PlannedOutlierDetection {
  /** Errors in a row after which a target is ejected; 0: they do not count. */
  readonly consecutiveErrors: number;
  /** The same of connections alone that fail, or end before one byte of an answer. */
  readonly consecutiveConnectFailures: number;
  /** Ejected with a success rate that is lower than that of all by more than so many percentage points; 0: never. */
  readonly successRateMargin: number;
  /** Ejected when it takes more than so many times as long to answer as the middle one of all; 0: never. */
  readonly latencyFactor: number;
  /** Requests that a target must have answered in an interval before its rate and latency are judged. */
  readonly minimumRequests: number;
  /** From one judgement of rates and latencies to the next. */
  readonly interval: number;
  /** How long the first ejection takes; each further one twice as long as the one before, up to `maxEjection`. */
  readonly baseEjection: number;
  readonly maxEjection: number;
  /** Of the targets, so many are ejected at once at most; above 0, one may always be if another is left. */
  readonly maxEjectedShare: number;
}

export const RETRY_CONDITIONS = ['connect-failure', 'no-response', 'timeout'] as const;
export type RetryCondition = (typeof RETRY_CONDITIONS)[number];

export interface PlannedRetry {
  readonly conditions: readonly RetryCondition[];
  /** Statuses of targets after which another one is asked. */
  readonly statuses: readonly number[];
  /** All methods, and not only those that are idempotent (RFC 9110 §9.2.2). */
  readonly allMethods: boolean;
  /** Targets that one request is sent to, the first included. */
  readonly attempts: number;
  /** How long a try may go without an answer before another target is asked; 0: as long as the service's limit. */
  readonly tryTimeout: number;
  /** Retries in per cent of the requests. */
  readonly budget: number;
  /** Retries per second that are allowed whatever the number of requests. */
  readonly budgetMinimum: number;
}

/** What services do that say nothing about it: another target is asked when one cannot be reached. */
export const PLAIN_RETRY: PlannedRetry = {
  conditions: ['connect-failure'],
  statuses: [],
  allMethods: false,
  attempts: 3,
  tryTimeout: 0,
  budget: 20,
  budgetMinimum: 3,
};

export interface Resilience {
  /** null: traffic says nothing about targets. */
  readonly outlierDetection: PlannedOutlierDetection | null;
  /** How long a target that comes (back) takes until it has its whole share; 0: none. */
  readonly slowStart: number;
  /** When fewer than so many of the targets are healthy, all take traffic; 0: when none is. */
  readonly failOpen: number;
  readonly retry: PlannedRetry;
}

/** What a service does about targets that fail; plans of older versions do not say it. */
export function resilienceOf(service: Partial<Resilience>): Resilience {
  return {
    outlierDetection: service.outlierDetection ?? null,
    slowStart: service.slowStart ?? 0,
    failOpen: service.failOpen ?? 0,
    retry: service.retry ?? PLAIN_RETRY,
  };
}

/** Outlier detection of those who say no more than that they want it. */
export const PLAIN_OUTLIER_DETECTION: PlannedOutlierDetection = {
  consecutiveErrors: 5,
  consecutiveConnectFailures: 3,
  successRateMargin: 0,
  latencyFactor: 0,
  minimumRequests: 50,
  interval: 10_000,
  baseEjection: 10_000,
  maxEjection: 300_000,
  maxEjectedShare: 50,
};
