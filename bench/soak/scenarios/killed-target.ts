import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { answeredOf, failuresOf } from '../judged.ts';
import { startOrigins } from '../origins.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';
import { keptClients, startWebService } from '../web-service.ts';

const LONG = { rounds: 5, before: 3_000, after: 5_000, clients: 64 };
const SHORT = { rounds: 1, before: 1_000, after: 2_000, clients: 8 };
/** Errors after which traffic alone must have found out that a target is dead. */
const MOST_ERRORS = 3;

/** One of four backends is killed under load. */
export const killedTarget: SoakScenario = {
  name: 'killed-target',
  title: 'kill -9 of one of four backends under load, again and again, without health checks',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { rounds, before, after, clients } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    const origins = await startOrigins(4, { delay: 5 });
    const web = await startWebService(product, origins, {
      healthCheck: { enabled: false },
      outlierDetection: { enabled: true, consecutiveErrors: MOST_ERRORS, consecutiveConnectFailures: MOST_ERRORS },
    });
    const crowd = new Crowd([keptClients(web, 'keep-alive', clients, 10)]);
    try {
      let most = 0;
      await sleep(before);
      await crowd.phase();
      for (let round = 0; round < rounds; round++) {
        const origin = origins[round % origins.length];
        const failures = await product.metric('evenkeel_target_connect_errors_total');
        await origin.kill();
        await sleep(after);
        most = Math.max(most, (await product.metric('evenkeel_target_connect_errors_total')) - failures);
        await origin.restart();
        await sleep(before);
      }
      const reports = await crowd.stop();
      const begun = reports['keep-alive'].failures['closed within the answer'] ?? 0;
      const failed = failuresOf(reports, begun);
      return [
        answeredOf(reports),
        { what: 'Requests whose answer had begun', value: begun, unit: '', limit: null },
        { ...failed, what: 'Failed requests, those included' },
        {
          what: 'Most failed connects to a dead target until it was ejected',
          value: most,
          unit: '',
          limit: MOST_ERRORS,
        },
      ];
    } finally {
      crowd.kill();
      for (const origin of origins) await origin.kill();
    }
  },
};
