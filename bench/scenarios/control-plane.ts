import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Scenario } from '../bench.ts';
import { ControlProcess, tokenIn } from '../control-plane/control-process.ts';
import { LARGE, makeState, SMALL } from '../control-plane/large-state.ts';
import { PlanReader } from '../control-plane/plan-reader.ts';
import type { Round } from '../metrics.ts';
import { run } from '../process/children.ts';
import { quantile } from '../statistics.ts';

const DURABLE = fileURLToPath(new URL('../control-plane/durable-program.ts', import.meta.url));
/** Writers that wait for their answers at the same time. */
const WRITERS = 64;

export const controlPlane: Scenario = {
  name: 'control-plane',
  title:
    'The control plane with 1,000 load balancers, 10,000 listeners and 100,000 targets, in SQLite. Start: from the process ' +
    'to its first answer. Change: from the call that changes the weight of one target until the delta of the plan is at a ' +
    'node. Page: lists of up to 500 objects, over HTTP. Memory: the most that was resident, after all of that. Durable ' +
    'writes: changes of one target by 64 writers, against a loop of SQLite alone that commits one row at a time to the ' +
    'same disk.',
  targets: [
    { metric: 'controlStart', kind: 'absolute', limit: 5 },
    { metric: 'changeP99', kind: 'absolute', limit: 20 },
    { metric: 'pageP99', kind: 'absolute', limit: 50 },
    { metric: 'controlMemory', kind: 'absolute', limit: 1_024 },
    { metric: 'durableRatio', kind: 'absolute', limit: 0.5 },
  ],
  async run(bench: Bench) {
    const { quick, rounds: count, seconds } = bench.settings;
    const full = join(bench.directory, 'full');
    mkdirSync(full);
    bench.say('  making the state');
    await makeState(full, quick ? SMALL : LARGE);
    const rounds: Round[] = [];
    for (let round = 0; round < count; round++) {
      const home = join(bench.directory, `round-${round}`);
      cpSync(full, home, { recursive: true });
      rounds.push({ ...(await served(home, quick ? 30 : 500)), ...(await durable(home, quick ? 1 : seconds)) });
    }
    return new Map([['evenkeel', rounds]]);
  },
};

/** Starts a control plane on the home, changes it and reads from it. */
async function served(home: string, changes: number): Promise<Round> {
  // The bench asks without a pause; an API is asked by many.
  const unlimited = ['Source', 'User', 'Credential'].flatMap((of) => ['--rate-limit', `requestsPer${of}=100000`]);
  const control = await ControlProcess.start(home, {}, unlimited);
  try {
    const reader = await PlanReader.connect(control.url, tokenIn(home, 'node'));
    const changed = await timeChanges(control, reader, changes);
    const pages = await timePages(control, Math.ceil(changes / 20));
    reader.close();
    return {
      controlStart: control.started,
      changeP50: quantile(changed, 0.5),
      changeP99: quantile(changed, 0.99),
      pageP50: quantile(pages, 0.5),
      pageP99: quantile(pages, 0.99),
      controlMemory: control.memory().peak,
    };
  } finally {
    await control.end('SIGTERM');
  }
}

type Page = { readonly items: readonly { readonly id: string }[]; readonly nextCursor: string | null };

/** Milliseconds of each. */
async function timeChanges(control: ControlProcess, reader: PlanReader, count: number): Promise<number[]> {
  const groups = (await control.call<Page>('GET', '/v1/target-groups?limit=500')).items;
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const path = `/v1/target-groups/${groups[(i * 37) % groups.length]!.id}/targets`;
    const [target] = (await control.call<Page>('GET', `${path}?limit=1`)).items;
    const begin = performance.now();
    const version = reader.version + 1;
    await Promise.all([control.call('PATCH', `${path}/${target!.id}`, { weight: 11 + (i % 80) }), reader.has(version)]);
    times.push(performance.now() - begin);
  }
  return times;
}

async function timePages(control: ControlProcess, pages: number): Promise<number[]> {
  const times: number[] = [];
  for (const list of [
    'load-balancers',
    'listeners',
    'backend-services',
    'target-groups',
    'target-health',
    'operations',
  ]) {
    let cursor: string | null = '';
    for (let page = 0; page < pages && cursor !== null; page++) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const begin = performance.now();
      const { nextCursor }: Page = await control.call<Page>('GET', `/v1/${list}?limit=500${query}`);
      times.push(performance.now() - begin);
      cursor = nextCursor;
    }
  }
  return times;
}

async function durable(home: string, seconds: number): Promise<Round> {
  const output = await run([process.execPath, DURABLE, home, String(seconds), '1', String(WRITERS)], { core: null });
  const [{ store, bare }] = JSON.parse(output) as [{ store: number; bare: number }];
  return { durableWrites: store, bareWrites: bare, durableRatio: store / bare };
}
