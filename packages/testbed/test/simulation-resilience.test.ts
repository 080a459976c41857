import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_OUTLIER_DETECTION, PLAIN_RETRY } from '@evenkeel/model/plan/resilience.ts';
import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

/** Origins beside each other, of which some break, stall, lie or close at the worst moment. */
const MOST_ORIGINS = 4;

/** Ejections that come fast and go soon, retries on everything that may be repeated. */
function resilience(seed: number): Partial<PlannedService> {
  const consecutiveErrors = 1 + (seed % 3);
  return {
    outlierDetection: {
      ...PLAIN_OUTLIER_DETECTION,
      consecutiveErrors,
      consecutiveConnectFailures: consecutiveErrors,
      successRateMargin: 20,
      latencyFactor: 3,
      minimumRequests: 1,
      interval: 500,
      baseEjection: 300,
      maxEjection: 5_000,
    },
    slowStart: seed % 2 === 0 ? 2_000 : 0,
    failOpen: seed % 5 === 0 ? 50 : 0,
    retry: {
      ...PLAIN_RETRY,
      conditions: ['connect-failure', 'no-response', 'timeout'],
      statuses: [500, 502, 503, 504],
      tryTimeout: [0, 5, 200][seed % 3]!,
      budget: [0, 20, 100][seed % 3]!,
      budgetMinimum: seed % 4 === 0 ? 0 : 10,
    },
  };
}

testSeeds('packages/testbed/test/simulation-resilience.test.ts', 40_000, 240, (seed, trace) => {
  const middle = proxyMiddle('http', seed % 3 === 1, false, resilience(seed));
  return playHttp(seed, httpRun(seed, middle, 2 + (seed % (MOST_ORIGINS - 1)), true), trace);
});
