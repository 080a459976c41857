import { FAIL_OPEN, OUTLIER_DETECTION, RETRY, SLOW_START } from '../limits.ts';
import { RETRY_CONDITIONS } from '../plan/resilience.ts';
import { Count, Output, Patch, Seconds, Words } from '../schema.ts';
import { RETRY_METHODS } from '../settings.ts';
import { type Static, type TProperties, Type } from '../type.ts';

/** What a backend service does about targets that fail, are new, or are too few. */

const outlierDetection = {
  enabled: Type.Boolean({
    default: true,
    description: 'Whether targets that traffic shows to be failing are ejected for a while, beside health checks.',
  }),
  consecutiveErrors: Count(
    OUTLIER_DETECTION.consecutiveErrors,
    'Ejected after so many errors in a row on one node: no connection, no answer or none to the end, or 502, 503, 504. ' +
      '0: not for that.',
  ),
  consecutiveConnectFailures: Count(
    OUTLIER_DETECTION.consecutiveConnectFailures,
    'Ejected after so many connections in a row that failed, or ended before one byte of an answer. 0: not for that.',
  ),
  successRateMargin: Count(
    OUTLIER_DETECTION.successRateMargin,
    'Ejected when its success rate in an interval is lower than the mean of all by more than so many percentage points; ' +
      'any 5xx counts as failed. 0: not for that.',
  ),
  latencyFactor: Count(
    OUTLIER_DETECTION.latencyFactor,
    'Ejected when it took more than so many times as long to answer in an interval as the median target. 0: not for that.',
  ),
  minimumRequests: Count(
    OUTLIER_DETECTION.minimumRequests,
    'Requests in an interval below which the rate and latency of a target are not judged; three targets must have as many.',
  ),
  interval: Seconds(OUTLIER_DETECTION.interval, 'From one judgement of rates and latencies to the next.'),
  baseEjection: Seconds(
    OUTLIER_DETECTION.baseEjection,
    'How long the first ejection takes; each one that follows it takes twice as long as the one before.',
  ),
  maxEjection: Seconds(OUTLIER_DETECTION.maxEjection, 'How long an ejection takes at most.'),
  maxEjectedShare: Count(
    OUTLIER_DETECTION.maxEjectedShare,
    'Percent of the targets that are ejected at once at most; one always may be if another is left. 0: none.',
  ),
} satisfies TProperties;

export const OutlierDetection = Output('OutlierDetection', outlierDetection);
export type OutlierDetection = Static<typeof OutlierDetection>;
export const OutlierDetectionPatch = Patch('OutlierDetectionPatch', outlierDetection);
export type OutlierDetectionPatch = Static<typeof OutlierDetectionPatch>;

const slowStart = {
  duration: Seconds(
    SLOW_START.duration,
    'How long a target that is registered, healthy again or back from an ejection takes from a tenth of its share to ' +
      'all of it. 0: it has all of it at once.',
  ),
} satisfies TProperties;

export const SlowStart = Output('SlowStart', slowStart);
export type SlowStart = Static<typeof SlowStart>;
export const SlowStartPatch = Patch('SlowStartPatch', slowStart);
export type SlowStartPatch = Static<typeof SlowStartPatch>;

const failOpen = {
  threshold: Count(
    FAIL_OPEN.threshold,
    'When fewer than so many percent of the targets are healthy, all of them take traffic. 0: only when none is.',
  ),
} satisfies TProperties;

export const FailOpen = Output('FailOpen', failOpen);
export type FailOpen = Static<typeof FailOpen>;
export const FailOpenPatch = Patch('FailOpenPatch', failOpen);
export type FailOpenPatch = Static<typeof FailOpenPatch>;

const retry = {
  conditions: Type.Array(Words(RETRY_CONDITIONS, 'A condition.'), {
    uniqueItems: true,
    description:
      'After what another target is asked: `connect-failure`: there was no connection; `no-response`: it ended before one ' +
      'byte of an answer; `timeout`: no answer within `tryTimeoutMs`, or the limit of the service. TCP knows the first ' +
      'alone. Default: connect-failure, no-response.',
  }),
  statuses: Type.Array(Type.Integer({ minimum: RETRY.status.minimum, maximum: RETRY.status.maximum }), {
    maxItems: RETRY.statuses,
    uniqueItems: true,
    description: 'Statuses of targets after which another one is asked. Default: none.',
  }),
  methods: Words(
    RETRY_METHODS,
    'Requests that may be sent again once they have been sent: `idempotent` (GET, HEAD, PUT, DELETE, OPTIONS), or `all`, ' +
      'which may carry out a POST twice. Only requests that came whole with their first bytes are. Default: idempotent.',
  ),
  attempts: Count(RETRY.attempts, 'Attempts of one request, the first included; 1: no retries.'),
  tryTimeoutMs: Count(
    RETRY.tryTimeoutMs,
    'With `timeout`: how long an attempt may go without an answer before another target is asked, in milliseconds; if ' +
      'the budget allows none, the attempt goes on. 0: as long as the service allows targets to be silent.',
  ),
  budget: Count(
    RETRY.budget,
    'Retries in percent of the requests, on each node; those after connections that were refused do not count.',
  ),
  budgetMinimum: Count(RETRY.budgetMinimum, 'Retries per second on each node that are allowed beside the budget.'),
} satisfies TProperties;

export const Retry = Output('Retry', retry);
export type Retry = Static<typeof Retry>;
export const RetryPatch = Patch('RetryPatch', retry);
export type RetryPatch = Static<typeof RetryPatch>;
