import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { clientsOf, startEverything } from '../everything.ts';
import { answeredOf, closedOf, failuresOf, slowdownOf } from '../judged.ts';
import { Product } from '../product.ts';
import { RandomChanges } from '../random-changes.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';

/** `EVENKEEL_SEED` plays another sequence of changes. */
const SEED = Number(process.env['EVENKEEL_SEED'] ?? 20_260_401);
const MEBIBYTE = 1024 * 1024;
/** Growth of memory from the end of the first minute to the end of the load, that is still flat. */
const FLAT = 8;

const LONG = { changes: 1_000, between: 150, quiet: 30_000, warmUp: 15_000, share: 1, settled: 60_000 };
const SHORT = { changes: 60, between: 60, quiet: 3_000, warmUp: 3_000, share: 0.1, settled: 1_500 };

/** 1,000 random changes while clients of all kinds are served. */
export const changes: SoakScenario = {
  name: 'changes',
  title:
    'Random changes of targets, weights, rules, certificates, listeners and services while keep-alive clients, new ' +
    'connections, sticky sessions, TLS clients and WebSockets are served',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { changes: count, between, quiet, warmUp, share, settled } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    await using everything = await startEverything(product);
    const crowd = new Crowd(clientsOf(everything, share));
    try {
      await sleep(warmUp);
      await crowd.phase();
      soak.say(`quiet for ${quiet / 1000} s`);
      await sleep(quiet);
      const before = await crowd.phase();
      soak.say(`${count} changes, seed ${SEED}`);
      const random = await RandomChanges.begin(product.client, everything, SEED);
      const began = performance.now();
      let resident = product.residentBytes();
      let measured = false;
      for (let made = 0; made < count; made++) {
        await product.applied(await random.next());
        if (!measured && performance.now() - began > settled) {
          measured = true;
          resident = product.residentBytes();
        }
        await sleep(between);
      }
      const growth = (product.residentBytes() - resident) / MEBIBYTE;
      const seconds = (performance.now() - began) / 1000;
      const meanwhile = await crowd.stop();
      const kinds = [...random.made].map(([kind, made]) => `${made} × ${kind}`).join(', ');
      return [
        { what: 'Changes', value: count, unit: '', limit: null, detail: `${kinds}; in ${seconds.toFixed(0)} s` },
        answeredOf(meanwhile),
        failuresOf(meanwhile),
        closedOf(meanwhile),
        {
          what: 'Sticky sessions that met another target',
          value: meanwhile['sessions'].moved,
          unit: '',
          limit: 0,
        },
        ...slowdownOf('keep-alive', before, meanwhile, soak.short ? Number.POSITIVE_INFINITY : 1.2),
        {
          what: 'Growth of resident memory after the first minute',
          value: growth,
          unit: 'MiB',
          limit: soak.short ? null : FLAT,
        },
      ];
    } finally {
      crowd.kill();
    }
  },
};
