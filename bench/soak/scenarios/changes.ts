import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '@evenkeel/testbed/crowd/crowd.ts';
import { ChangeMaker } from '../change-maker.ts';
import { clientsOf, startEverything } from '../everything.ts';
import { answeredOf, closedOf, failuresOf, slowdownOf } from '../judged.ts';
import { Product } from '../product.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';

/** `EVENKEEL_SEED` plays another sequence of changes. */
const SEED = Number(process.env['EVENKEEL_SEED'] ?? 20_260_401);
const MEBIBYTE = 1024 * 1024;
/** Growth of memory from the end of the first minute to the end of the load, that is still flat. */
const FLAT = 8;

const PROCESSES = ['node agent', 'control plane'] as const;

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
    const { url, token } = product;
    const crowd = new Crowd(clientsOf(everything, share));
    try {
      using maker = await ChangeMaker.begin({ url, token, seed: SEED, changeable: everything.changeable });
      await sleep(warmUp);
      await crowd.phase();
      soak.say(`quiet for ${quiet / 1000} s`);
      const atRest = product.usage();
      await sleep(quiet);
      const before = await crowd.phase();
      soak.say(`${count} changes, seed ${SEED}`);
      const began = performance.now();
      const first = product.usage();
      let settledUsage = first;
      let measured = false;
      for (let made = 0; made < count; made++) {
        await maker.next();
        if (!measured && performance.now() - began > settled) {
          measured = true;
          settledUsage = product.usage();
        }
        await sleep(between);
      }
      const last = product.usage();
      const seconds = (performance.now() - began) / 1000;
      const meanwhile = await crowd.stop();
      const rest = { begin: atRest, end: first, answered: answeredOf(before).value };
      const busy = { begin: first, end: last, answered: answeredOf(meanwhile).value };
      const kinds = Object.entries(maker.made).map(([kind, made]) => `${made} × ${kind}`);
      return [
        {
          what: 'Changes',
          value: count,
          unit: '',
          limit: null,
          detail: `${kinds.join(', ')}; in ${seconds.toFixed(0)} s`,
        },
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
          // The node agent carries traffic as well, and less of it meanwhile: its share cannot be told apart.
          what: 'Processor time of a change, control plane',
          value: (1_000 * extraCpu('control plane', rest, busy)) / count,
          unit: 'ms',
          limit: null,
        },
        ...PROCESSES.flatMap((name): Finding[] => [
          {
            what: `Growth of resident memory after the first minute, ${name}`,
            value: (last[name].residentBytes - settledUsage[name].residentBytes) / MEBIBYTE,
            unit: 'MiB',
            limit: soak.short ? null : FLAT,
            detail: `${(last[name].residentBytes / MEBIBYTE).toFixed(0)} MiB at the end`,
          },
        ]),
      ];
    } finally {
      crowd.kill();
    }
  },
};

interface Phase {
  readonly begin: ReturnType<Product['usage']>;
  readonly end: ReturnType<Product['usage']>;
  /** What was answered in it. */
  readonly answered: number;
}

/** Seconds of processor time beyond what as much traffic takes in a quiet time; the traffic's share makes it a rough figure. */
function extraCpu(name: (typeof PROCESSES)[number], quiet: Phase, busy: Phase): number {
  const spent = ({ begin, end }: Phase) => end[name].cpu - begin[name].cpu;
  return spent(busy) - (spent(quiet) / quiet.answered) * busy.answered;
}
