import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { answeredOf, failuresOf, slowdownOf } from '../judged.ts';
import { startOrigins } from '../origins.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';
import { keptClients, startWebService } from '../web-service.ts';

const PROGRAM = fileURLToPath(new URL('../slow-program.ts', import.meta.url));
const LONG = { slow: 10_000, phase: 20_000, clients: 64 };
const SHORT = { slow: 500, phase: 2_000, clients: 16 };

/** A crowd that sends request heads one byte a second, beside one that works. */
export const slowClients: SoakScenario = {
  name: 'slow-clients',
  title: '10,000 clients that send a request head at one byte per second, beside clients that work',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { slow, phase, clients } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    const origins = await startOrigins(2);
    const web = await startWebService(product, origins);
    const crowd = new Crowd([keptClients(web, 'keep-alive', clients, 20)]);
    const many = fork(PROGRAM, [web.vip, `${web.port}`, `${slow}`], { execArgv: [] });
    try {
      await sleep(phase / 4);
      await crowd.phase();
      await sleep(phase);
      const quiet = await crowd.phase();
      const open = once(many, 'message', { signal: AbortSignal.timeout(60_000) });
      many.send('open');
      await open;
      await crowd.phase();
      await sleep(phase);
      const beside = await crowd.stop();
      return [
        { what: 'Slow clients', value: slow, unit: '', limit: null },
        answeredOf(beside),
        failuresOf(beside),
        ...slowdownOf('keep-alive', quiet, beside, soak.short ? Number.POSITIVE_INFINITY : 1.5),
      ];
    } finally {
      crowd.kill();
      many.kill('SIGKILL');
      for (const origin of origins) await origin.kill();
    }
  },
};
