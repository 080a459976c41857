import assert from 'node:assert/strict';
import { after } from 'node:test';
import { CALM, drawConditions } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { BodyPlan, ClientPlan, OriginPlan } from '../src/simulation/http/plan.ts';
import { clientPlan, originPlan, PLAIN_RESPONSE, requestPlan } from '../src/simulation/http/plan-defaults.ts';
import { type HttpRun, playHttp } from '../src/simulation/http/run.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

const REQUESTS = 12;
const LIMITS = { buffers: 64, descriptors: 200 };

/** By what became of requests, over all seeds. */
const counts = new Map<string, number>();

/**
 * Clients that send a POST just when the origin gives the connection up that it would come by: at its idle limit, or after
 * the answer before it.
 */
function race(seed: number): HttpRun {
  const random = new Random(seed);
  const idleTimeout = random.pick([300, 900, 1_800]);
  const origin: OriginPlan = originPlan({ idleTimeout });
  const latency: readonly [number, number] = [random.pick([0.05, 2, 20]), 25];
  const clients = Array.from({ length: 4 }, (_, index): ClientPlan => {
    const requests = Array.from({ length: REQUESTS }, (_, number) => {
      const body: BodyPlan = random.chance(0.2)
        ? { framing: 'none' }
        : { framing: 'length', length: random.below(500) };
      const ending = random.chance(0.2) ? ('silent' as const) : ('keep' as const);
      const atLimit = idleTimeout + random.real([-60, 20]);
      return requestPlan(`race-${index}-${number}`, {
        method: random.chance(0.8) ? 'POST' : 'GET',
        body,
        delay: random.chance(0.6) ? Math.max(0, atLimit) : random.real([0, 60]),
        response: { ...PLAIN_RESPONSE, ending },
      });
    });
    return clientPlan(requests, { label: `client-${index}`, address: `10.1.0.${index + 1}` });
  });
  const kind = seed % 2 === 0 ? CALM : drawConditions(random);
  return {
    scenario: { clients, origins: [origin], strict: true, stopsAfter: null },
    conditions: { ...kind, latency },
    limits: LIMITS,
    middle: proxyMiddle('http'),
  };
}

testSeeds('packages/testbed/test/simulation-race.test.ts', 60_000, 300, (seed, trace) => {
  const journal = playHttp(seed, race(seed), trace);
  for (const [what, count] of journal.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  return journal;
});

after(() => {
  if (process.env['EVENKEEL_SEED'] !== undefined) return;
  assert.ok((counts.get('POST sent again') ?? 0) > 0, 'some have met a closing connection');
});
