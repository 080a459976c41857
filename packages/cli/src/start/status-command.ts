import { EXIT } from '../exit-codes.ts';
import { isHeld, onHome } from './on-home.ts';
import { type Running, readRunning } from './running.ts';

export const STATUS_HELP = `Usage: evenkeel status [--home FOLDER] [--json]

Tells whether Evenkeel runs on a home, and where it listens. Exit code ${EXIT.unreachable}: it does not.
`;

/** `evenkeel status`. Resolves with the exit code. */
export function statusCommand(args: readonly string[]): Promise<number> {
  return onHome(args, STATUS_HELP, async ({ home, json }) => {
    const held = isHeld(home);
    const running = held ? readRunning(home.record) : null;
    const text = held ? `Evenkeel runs on ${home.path}.${describe(running)}` : `Evenkeel does not run on ${home.path}.`;
    console.log(json ? JSON.stringify({ home: home.path, running: held, ...running }, null, 2) : text);
    return held ? EXIT.ok : EXIT.unreachable;
  });
}

function describe(running: Running | null): string {
  if (running === null) return '';
  const { pid, url, metricsUrl, processes } = running;
  const rows = [
    ['API', url ?? 'not ready yet'],
    ['Metrics', metricsUrl ?? 'not ready yet'],
    ['supervisor', `process ${pid}`],
    ...processes.map(({ name, pid: id }) => [name, `process ${id}`]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `\n  ${name.padEnd(width)}${value}`).join('');
}
