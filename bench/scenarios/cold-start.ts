import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Scenario } from '../bench.ts';
import { Poller } from '../load/poller.ts';
import type { Round } from '../metrics.ts';
import { Child, eventually, run } from '../process/children.ts';
import { freePorts } from '../process/ports.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = join(ROOT, 'bin', 'evenkeel.mjs');
const POLL_MILLISECONDS = 5;

export const coldStart: Scenario = {
  name: 'cold-start',
  title:
    '`npm start`, with everything installed, until the first answer comes through the load balancer of the demo. First ' +
    'start: an empty home, so state is made and the demo is created through the API. Next start: the same home again.',
  targets: [
    { metric: 'coldStart', kind: 'absolute', limit: 2 },
    { metric: 'restart', kind: 'absolute', limit: 2 },
  ],
  async run(bench: Bench) {
    const rounds: Round[] = [];
    for (let round = 0; round < bench.settings.rounds; round += 1) {
      const directory = mkdtempSync(join(bench.directory, 'start-'));
      rounds.push({ coldStart: await startOnce(directory), restart: await startOnce(directory) });
    }
    return new Map([['evenkeel', rounds]]);
  },
};

/** Starts on the home in this directory, waits for an answer, stops again. Seconds from start to answer. */
async function startOnce(directory: string): Promise<number> {
  const home = join(directory, 'home');
  const [port, metricsPort] = await freePorts('127.0.0.1', 2);
  const flags = ['--home', home, '--port', String(port), '--metrics-port', String(metricsPort)];
  const start = performance.now();
  const child = new Child('npm start', ['npm', 'start', '--prefix', ROOT, '--', ...flags], {
    log: join(directory, 'start.log'),
    core: null,
  });
  try {
    await eventually(
      'the demo to answer',
      async () => {
        child.assertRunning();
        return answers(demoUrl(home));
      },
      POLL_MILLISECONDS,
    );
    return (performance.now() - start) / 1000;
  } finally {
    await run([process.execPath, COMMAND, 'stop', '--home', home], { core: null });
    await child.stop();
  }
}

/** Where the demo answers, once `npm start` has written it down. */
function demoUrl(home: string): string | null {
  const file = join(home, 'demo.json');
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  // It may just be being written.
  return text.endsWith('\n') ? ((JSON.parse(text) as { url: string | null }).url ?? null) : null;
}

async function answers(url: string | null): Promise<boolean> {
  if (url === null) return false;
  const poller = new Poller(url);
  try {
    await poller.ask();
    return true;
  } catch {
    // Not yet: nobody listens, or no target is there.
    return false;
  } finally {
    poller.close();
  }
}
