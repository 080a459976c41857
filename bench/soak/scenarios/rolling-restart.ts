import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { answeredOf, closedOf, failuresOf } from '../judged.ts';
import { Origin } from '../origins.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';
import { keptClients, startWebService } from '../web-service.ts';

/** Seconds after which each of the backends closes an idle connection. */
const IDLE = [1, 2, 3, 5];
const LONG = { rounds: 3, pause: 4_000, clients: 32 };
const SHORT = { rounds: 1, pause: 1_000, clients: 6 };

/** A deployment: the backends are restarted one by one. */
export const rollingRestart: SoakScenario = {
  name: 'rolling-restart',
  title: 'Backends that close idle connections after 1, 2, 3 and 5 s are restarted one by one under load',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { rounds, pause, clients } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    const origins = await Promise.all(
      IDLE.map((seconds, i) => Origin.start({ name: `origin-${i + 1}`, idle: seconds * 1_000 })),
    );
    const web = await startWebService(product, origins);
    // Busy ones, and some whose pauses are as long as the limits of the backends.
    const crowd = new Crowd([
      keptClients(web, 'busy', clients, 30),
      ...IDLE.map((seconds) => keptClients(web, `every ${seconds} s`, clients, seconds * 1_000)),
    ]);
    try {
      for (let round = 0; round < rounds; round++) {
        for (const origin of origins) {
          await sleep(pause);
          await origin.restart();
        }
      }
      await sleep(pause);
      const reports = await crowd.stop();
      return [
        { what: 'Restarts', value: rounds * origins.length, unit: '', limit: null },
        answeredOf(reports),
        failuresOf(reports),
        closedOf(reports),
      ];
    } finally {
      crowd.kill();
      for (const origin of origins) await origin.kill();
    }
  },
};
