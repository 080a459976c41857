import { setTimeout as sleep } from 'node:timers/promises';
import { RETRY } from '@evenkeel/model/limits.ts';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { answeredOf } from '../judged.ts';
import { startOrigins } from '../origins.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';
import { keptClients, startWebService } from '../web-service.ts';

const LONG = { seconds: 20, clients: 64 };
const SHORT = { seconds: 3, clients: 32 };
const DELAY = 40;

/** All backends become slow, so that each try runs into its limit. */
export const retryStorm: SoakScenario = {
  name: 'retry-storm',
  title: 'All backends take ten times as long as before, longer than a try may take, with retries on',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { seconds, clients } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    const origins = await startOrigins(4, { delay: DELAY });
    const retry = {
      conditions: ['connect-failure' as const, 'no-response' as const, 'timeout' as const],
      tryTimeoutMs: 200,
    };
    const web = await startWebService(product, origins, { retry });
    const crowd = new Crowd([keptClients(web, 'keep-alive', clients, 20)]);
    try {
      await sleep(2_000);
      for (const origin of origins) origin.delay(10 * DELAY);
      await sleep(seconds * 1_000);
      const reports = await crowd.stop();
      const tried = (await Promise.all(origins.map((origin) => origin.count()))).reduce((sum, count) => sum + count);
      const { answered, failures } = reports['keep-alive'];
      const asked = answered + Object.values(failures).reduce((sum, count) => sum + count, 0);
      // The budget allows a few retries beside its share, which count for something where requests are few.
      const limit = soak.short ? 1.2 + RETRY.budgetMinimum.default / asked : 1.2;
      return [
        answeredOf(reports),
        { what: 'Requests that ran out of time', value: asked - answered, unit: '', limit: null },
        { what: 'Attempts for each request', value: tried / asked, unit: '', limit },
      ];
    } finally {
      crowd.kill();
      for (const origin of origins) await origin.kill();
    }
  },
};
