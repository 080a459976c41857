import { FAIL_OPEN, OUTLIER_DETECTION, RETRY, SLOW_START } from '@evenkeel/model/limits.ts';
import { RETRY_CONDITIONS } from '@evenkeel/model/plan/resilience.ts';
import { RETRY_METHODS } from '@evenkeel/model/settings.ts';
import { type Field, integer, integersOrNone, onOff, standard, word, wordsOrNone } from './fields.ts';

/** What a backend service does about targets that fail, as the command line can set it; see resource-fields.ts. */
export const resilienceFields: readonly Field[] = [
  {
    flag: 'outlier-detection',
    field: 'outlierDetection.enabled',
    value: onOff,
    help: 'whether targets that traffic shows to be failing are ejected for a while (default on)',
  },
  {
    flag: 'consecutive-errors',
    field: 'outlierDetection.consecutiveErrors',
    value: integer('count'),
    help: `errors in a row until a target is ejected; 0: not for that ${standard(OUTLIER_DETECTION.consecutiveErrors)}`,
  },
  {
    flag: 'consecutive-connect-failures',
    field: 'outlierDetection.consecutiveConnectFailures',
    value: integer('count'),
    help:
      'connections in a row that fail until a target is ejected; 0: not for that ' +
      standard(OUTLIER_DETECTION.consecutiveConnectFailures),
  },
  {
    flag: 'success-rate-margin',
    field: 'outlierDetection.successRateMargin',
    value: integer('points'),
    help:
      'percentage points below the mean success rate from which a target is ejected; 0: not for that ' +
      standard(OUTLIER_DETECTION.successRateMargin),
  },
  {
    flag: 'latency-factor',
    field: 'outlierDetection.latencyFactor',
    value: integer('factor'),
    help:
      'times the latency of the median target from which one is ejected; 0: not for that ' +
      standard(OUTLIER_DETECTION.latencyFactor),
  },
  {
    flag: 'outlier-minimum-requests',
    field: 'outlierDetection.minimumRequests',
    value: integer('count'),
    help: `requests without which rates and latencies are not judged ${standard(OUTLIER_DETECTION.minimumRequests)}`,
  },
  {
    flag: 'outlier-interval',
    field: 'outlierDetection.interval',
    value: integer('seconds'),
    help: `from one judgement of rates and latencies to the next ${standard(OUTLIER_DETECTION.interval)}`,
  },
  {
    flag: 'base-ejection',
    field: 'outlierDetection.baseEjection',
    value: integer('seconds'),
    help: `how long the first ejection takes, and half of the next ${standard(OUTLIER_DETECTION.baseEjection)}`,
  },
  {
    flag: 'max-ejection',
    field: 'outlierDetection.maxEjection',
    value: integer('seconds'),
    help: `how long an ejection takes at most ${standard(OUTLIER_DETECTION.maxEjection)}`,
  },
  {
    flag: 'max-ejected-share',
    field: 'outlierDetection.maxEjectedShare',
    value: integer('percent'),
    help: `of the targets that are ejected at once at most ${standard(OUTLIER_DETECTION.maxEjectedShare)}`,
  },
  {
    flag: 'slow-start',
    field: 'slowStart.duration',
    value: integer('seconds'),
    help: `until a target that is new or healthy again has its whole share; 0: at once ${standard(SLOW_START.duration)}`,
  },
  {
    flag: 'fail-open-threshold',
    field: 'failOpen.threshold',
    value: integer('percent'),
    help: `of the targets; when fewer are healthy, all take traffic; 0: when none is ${standard(FAIL_OPEN.threshold)}`,
  },
  {
    flag: 'retry-on',
    field: 'retry.conditions',
    value: wordsOrNone('conditions'),
    help:
      `after what another target is asked, with commas: ${RETRY_CONDITIONS.join(', ')}; "none": nothing ` +
      '(default connect-failure,no-response)',
  },
  {
    flag: 'retry-statuses',
    field: 'retry.statuses',
    value: integersOrNone('statuses'),
    help: 'statuses after which another target is asked, with commas; "none": none (default none)',
  },
  {
    flag: 'retry-methods',
    field: 'retry.methods',
    value: word(RETRY_METHODS),
    help: 'which requests may be sent again (default idempotent)',
  },
  {
    flag: 'retry-attempts',
    field: 'retry.attempts',
    value: integer('count'),
    help: `attempts of one request, the first included ${standard(RETRY.attempts)}`,
  },
  {
    flag: 'retry-try-timeout',
    field: 'retry.tryTimeoutMs',
    value: integer('milliseconds'),
    help: `until another target is asked, with the condition timeout; 0: none of its own ${standard(RETRY.tryTimeoutMs)}`,
  },
  {
    flag: 'retry-budget',
    field: 'retry.budget',
    value: integer('percent'),
    help: `retries in percent of the requests ${standard(RETRY.budget)}`,
  },
  {
    flag: 'retry-budget-minimum',
    field: 'retry.budgetMinimum',
    value: integer('count'),
    help: `retries per second that are allowed beside the budget ${standard(RETRY.budgetMinimum)}`,
  },
];
