import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { clientsOf, startEverything } from '../everything.ts';
import { answeredOf, failuresOf } from '../judged.ts';
import { isGone, Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';

const LONG = { rounds: 3, drain: 20, warmUp: 10_000, share: 1 };
const SHORT = { rounds: 1, drain: 3, warmUp: 2_000, share: 0.1 };
/** What an ordered end may take beyond the deadline, in milliseconds. */
const GRACE = 3_000;

/** The same software takes over from itself, as a new version does. */
export const upgrade: SoakScenario = {
  name: 'upgrade',
  title: 'evenkeel upgrade while clients of all kinds are served; tunnels are cut at the deadline of the old process',
  async run(soak: Soak): Promise<readonly Finding[]> {
    const { rounds, drain, warmUp, share } = soak.short ? SHORT : LONG;
    await using product = await Product.start(soak);
    await using everything = await startEverything(product);
    const crowd = new Crowd(clientsOf(everything, share));
    try {
      await sleep(warmUp);
      await crowd.phase();
      let longest = 0;
      for (let round = 1; round <= rounds; round++) {
        const [old] = product.agents();
        const said = await product.upgrade(drain);
        soak.say(`upgrade ${round} of ${rounds}: ${said.trim().split('\n').join(' ')}`);
        const began = performance.now();
        while (!isGone(old) && performance.now() - began < 2 * (drain * 1000 + GRACE)) await sleep(50);
        longest = Math.max(longest, performance.now() - began);
        if (product.agents().length !== 1) throw new Error(`${product.agents().length} node agents run`);
        await sleep(1_000);
      }
      const { WebSockets, ...others } = await crowd.stop();
      const cut = Object.entries(others).filter(([, { closed }]) => closed > 0);
      return [
        { what: 'Upgrades', value: rounds, unit: '', limit: null },
        answeredOf(others),
        failuresOf({ ...others, WebSockets }),
        {
          what: 'Connections for requests that were closed unannounced',
          value: cut.reduce((sum, [, { closed }]) => sum + closed, 0),
          unit: '',
          limit: 0,
          detail: cut.map(([name, { closed }]) => `${name}: ${closed}`).join('; '),
        },
        { what: 'WebSockets that were cut at the deadline', value: WebSockets.closed, unit: '', limit: null },
        {
          what: 'Longest time until the old process was gone',
          value: longest / 1000,
          unit: 's',
          limit: drain + GRACE / 1000,
        },
      ];
    } finally {
      crowd.kill();
    }
  },
};
