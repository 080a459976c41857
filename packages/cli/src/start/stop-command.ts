import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXIT } from '../exit-codes.ts';
import { StartFailure } from './failure.ts';
import { type Home, locateHome } from './home.ts';
import { FileLock } from './lock.ts';
import { type Running, readRunning } from './running.ts';

/** Milliseconds until a run that was told to stop is given up: the longest drain time, and some more. */
const PATIENCE = 3_700_000;
const POLL = 50;

export const STATUS_HELP = `Usage: evenkeel status [--home FOLDER]

Tells whether Evenkeel runs on a home, and where it listens. Exit code ${EXIT.unreachable}: it does not.
`;

export const STOP_HELP = `Usage: evenkeel stop [--home FOLDER]

Ends what runs on a home: open connections may finish. Returns when it has ended.
`;

/** `evenkeel status`. Resolves with the exit code. */
export async function statusCommand(args: readonly string[]): Promise<number> {
  return withHome(args, STATUS_HELP, async (home) => {
    if (!isHeld(home)) {
      console.log(`Evenkeel does not run on ${home.path}.`);
      return EXIT.unreachable;
    }
    const running = readRunning(home.record);
    console.log(`Evenkeel runs on ${home.path}.`);
    if (running !== null) console.log(describe(running));
    return 0;
  });
}

/** `evenkeel stop`. Resolves with the exit code when what ran has ended. */
export async function stopCommand(args: readonly string[]): Promise<number> {
  return withHome(args, STOP_HELP, async (home) => {
    if (!isHeld(home)) throw new StartFailure(`Evenkeel does not run on ${home.path}.`);
    const running = readRunning(home.record);
    if (running === null)
      throw new StartFailure(`${home.record} cannot be read: end the "evenkeel start" process itself.`);
    process.kill(running.pid, 'SIGTERM');
    const deadline = performance.now() + PATIENCE;
    while (isHeld(home)) {
      if (performance.now() >= deadline)
        throw new StartFailure(`Process ${running.pid} has not ended within ${PATIENCE / 1000} s.`);
      await sleep(POLL);
    }
    console.log('Stopped.');
    return 0;
  });
}

async function withHome(args: readonly string[], help: string, act: (home: Home) => Promise<number>): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { home: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (!values.help) return await act(locateHome(values.home));
    process.stdout.write(help);
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof StartFailure) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
    process.stderr.write(`evenkeel: ${message}\n`);
    return 1;
  }
}

function isHeld(home: Home): boolean {
  if (!existsSync(home.lock)) return false;
  const lock = FileLock.take(home.lock);
  lock?.release();
  return lock === null;
}

function describe({ pid, url, metricsUrl, processes }: Running): string {
  const rows = [
    ['API', url ?? 'not ready yet'],
    ['Metrics', metricsUrl ?? 'not ready yet'],
    ['supervisor', `process ${pid}`],
    ...processes.map(({ name, pid: id }) => [name, `process ${id}`]),
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n');
}
