import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { eventually } from '../../process/children.ts';
import { answeredOf, failuresOf } from '../judged.ts';
import { startOrigins } from '../origins.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';
import { keptClients, startWebService } from '../web-service.ts';

const LONG = { rounds: 5, before: 7_000, after: 5_000, clients: 64 };
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
    const web = await startWebService(product, origins, { healthCheck: { enabled: false } });
    const refused = () => product.metric('evenkeel_target_connect_errors_total');
    // What was begun: a connection that is older than the ejection may fail after it.
    const begun = async (target: string) =>
      (await product.metric('evenkeel_target_connections_total', target)) +
      (await product.metric('evenkeel_target_requests_total', target));
    // One request after the other: each error is one that could have been avoided by knowing better.
    const alone = new Crowd([keptClients(web, 'alone', 1, 5)]);
    let crowd: Crowd | null = null;
    try {
      await sleep(before);
      await origins[3].kill();
      await sleep(after);
      const errors = await refused();
      await origins[3].restart();
      const first = await alone.stop();
      crowd = new Crowd([keptClients(web, 'keep-alive', clients, 10)]);
      await sleep(before + after);
      let late = 0;
      for (let round = 0; round < rounds; round++) {
        const origin = origins[round % 3];
        const target = await product.targetLabel(origin.port);
        await origin.kill();
        await eventually(`${origin.options.name} is ejected`, async () => {
          return (await product.metric('evenkeel_target_ejected', target)) === 1;
        });
        const early = await begun(target);
        await sleep(after);
        late += (await begun(target)) - early;
        await origin.restart();
        await sleep(before);
      }
      const reports = { ...first, ...(await crowd.stop()) };
      const answering = reports['keep-alive'].failures['closed within the answer'] ?? 0;
      return [
        answeredOf(reports),
        { what: 'Requests whose answer had begun', value: answering, unit: '', limit: null },
        { ...failuresOf(reports, answering), what: 'Failed requests, those included' },
        { what: 'Errors of one client until the target was ejected', value: errors, unit: '', limit: MOST_ERRORS },
        { what: 'Connections and requests to ejected targets', value: late, unit: '', limit: 0 },
      ];
    } finally {
      alone.kill();
      crowd?.kill();
      for (const origin of origins) await origin.kill();
    }
  },
};
