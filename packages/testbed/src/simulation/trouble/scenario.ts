import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { ALGORITHMS, type PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import { PLAIN_OUTLIER_DETECTION, PLAIN_RETRY } from '@evenkeel/model/plan/resilience.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { Mood } from '../http/mood.ts';
import type { BodyPlan, ClientFault, ClientPlan, Method, OriginPlan, RequestPlan } from '../http/plan.ts';
import { clientPlan, originPlan, PLAIN_RESPONSE, requestPlan } from '../http/plan-defaults.ts';

/** Longest ejection, slow start and silence of a target, in milliseconds. */
const LONGEST = { ejection: 4_000, slowStart: 2_000, silence: 2_000, queue: 3_000 } as const;

/** How long after all trouble is over a target may still take less than its share: what hangs ends, then it is let back. */
export const RECOVERY = 2 * LONGEST.silence + LONGEST.queue + 2 * LONGEST.ejection + LONGEST.slowStart + 5_000;

/** Requests for each target by which its share is looked at, from each worker. */
export const SHARED_OUT = 4;

const NEVER = 10_000_000;

/** A service that ejects soon and forgives soon, retries what it may, and half of the times has little room. */
export function drawService(random: Random): Omit<PlannedService, 'id'> {
  return {
    name: 'origins',
    protocol: 'http',
    // A table by a key is dear to build: rarely.
    algorithm: random.chance(0.06)
      ? random.pick(['source-ip', 'hash'])
      : random.pick(ALGORITHMS.filter((name) => name !== 'source-ip' && name !== 'hash')),
    groupId: 'group',
    port: 8080,
    healthCheck: null,
    connectTimeout: 1_500,
    readTimeout: LONGEST.silence,
    drainTimeout: random.pick([0, 300, 5_000]),
    ...PLAIN_SERVICE,
    outlierDetection: {
      ...PLAIN_OUTLIER_DETECTION,
      consecutiveErrors: random.between(0, 4),
      consecutiveConnectFailures: random.between(0, 3),
      successRateMargin: random.pick([0, 0, 20]),
      latencyFactor: random.pick([0, 0, 3]),
      minimumRequests: 2,
      interval: 500,
      baseEjection: random.pick([200, 1_000]),
      maxEjection: LONGEST.ejection,
      maxEjectedShare: random.pick([10, 50, 50, 100]),
    },
    slowStart: random.pick([0, 0, LONGEST.slowStart]),
    failOpen: random.pick([0, 0, 40]),
    retry: {
      ...PLAIN_RETRY,
      conditions: random.pick([[], ['connect-failure'], ['connect-failure', 'no-response', 'timeout']] as const),
      statuses: random.pick([[], [503]]),
      attempts: random.between(1, 4),
      tryTimeout: random.pick([0, 100]),
      budget: random.pick([0, 20, 100]),
      budgetMinimum: random.pick([0, 3, 10]),
    },
    targetLimits: random.chance(0.5)
      ? STANDARD_TARGET_LIMITS
      : {
          maxConnections: random.between(1, 4),
          maxRequests: random.between(1, 4),
          queueSize: random.between(0, 4),
          queueTimeout: random.between(1, LONGEST.queue),
        },
  };
}

export function drawOrigins(random: Random): OriginPlan[] {
  return Array.from({ length: random.between(1, 5) }, (_, index) =>
    originPlan({
      label: `origin-${index}`,
      address: `10.2.0.${index + 1}`,
      // Just about when clients think is over, so that kept connections are closed under requests.
      idleTimeout: random.pick([60, 100, 290, NEVER, NEVER]),
      readPause: random.chance(0.1) ? 20 : 0,
    }),
  );
}

/** Clients that ask now and then for some seconds, and of whom some vanish, break off or stop to read. */
export function drawClients(random: Random): ClientPlan[] {
  return Array.from({ length: random.between(2, 5) }, (_, index): ClientPlan => {
    const requests = Array.from({ length: random.between(3, 9) }, (_, i) => drawRequest(random, `c${index}-${i}`));
    return clientPlan(requests, {
      label: `client-${index}`,
      address: `10.1.0.${index + 1}`,
      startsAfter: random.between(0, 500),
      pipeline: random.pick([1, 1, 1, 2]),
      think: random.pick([0, 20, 95, 285]),
      halfCloses: random.chance(0.1),
      readPause: random.pick([0, 0, 0, 0, 15]),
      fault: random.chance(0.3) ? drawFault(random, requests.length) : null,
    });
  });
}

/** One client for each worker that asks when all trouble is over, for every target in its turn. */
export function lateClients(workers: number, targets: number, startsAfter: number): ClientPlan[] {
  return Array.from({ length: workers }, (_, worker) => {
    const requests = Array.from({ length: SHARED_OUT * targets }, (_, i) => requestPlan(`late-${worker}-${i}`));
    return clientPlan(requests, { label: `late-${worker}`, address: `10.1.1.${worker + 1}`, startsAfter });
  });
}

/** What befalls an origin; null: it does as planned, `dead`: it does nothing at all. */
export function drawMood(random: Random): Mood | 'dead' | null {
  const after = random.pick([0, 0, random.below(200)]);
  const kind = random.pick(['well', 'well', 'dead', 'slow', 'unable', 'reset', 'end', 'stall', 'garbage'] as const);
  switch (kind) {
    case 'well':
      return null;
    case 'dead':
      return 'dead';
    case 'slow':
      return { kind, delay: random.pick([60, 400, 3_000]) };
    case 'unable':
      return { kind };
    case 'garbage':
      return { kind, after: random.pick([0, 1, 2, 3, 5]) };
    case 'reset':
    case 'end':
    case 'stall':
      return { kind, after };
  }
}

function drawFault(random: Random, requests: number): ClientFault {
  return {
    kind: random.pick(['abort', 'end', 'stall'] as const),
    request: random.below(requests),
    after: random.pick([0, random.below(300)]),
  };
}

function drawRequest(random: Random, id: string): RequestPlan {
  const method = random.pick<Method>(['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE']);
  const hasBody = method === 'POST' || method === 'PUT';
  return requestPlan(id, {
    method,
    connection: random.pick([null, null, null, null, 'close'] as const),
    body: hasBody ? drawBody(random) : { framing: 'none' },
    expectContinue: hasBody && random.chance(0.1),
    delay: random.pick([0, 0, 0, 55]),
    pause: random.pick([0, 0, 2]),
    response: {
      ...PLAIN_RESPONSE,
      body: drawBody(random),
      delay: random.pick([0, 0, 1, 30]),
      pause: random.pick([0, 0, 1]),
      early: hasBody && random.chance(0.05),
      interim: random.chance(0.05) ? [103] : [],
    },
  });
}

function drawBody(random: Random): BodyPlan {
  const length = random.chance(0.05) ? random.below(20_000) : random.below(200);
  if (random.chance(0.7)) return { framing: 'length', length };
  const first = length >> 1;
  const chunks = [first, length - first].filter((size) => size > 0);
  return { framing: 'chunked', chunks, extensions: false, trailers: random.chance(0.2) };
}
