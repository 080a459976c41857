import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EXIT } from '../exit-codes.ts';
import { StartFailure } from './failure.ts';
import { type Home, locateHome } from './home.ts';
import { FileLock } from './lock.ts';

export interface OnHome {
  readonly home: Home;
  readonly json: boolean;
}

/** Runs a command about what runs on a home. Resolves with its exit code; what is wrong has been said. */
export async function onHome(
  args: readonly string[],
  help: string,
  act: (on: OnHome) => Promise<number>,
): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { home: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (!values.help) return await act({ home: locateHome(values.home), json: values.json === true });
    process.stdout.write(help);
    return EXIT.ok;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const badUsage = code?.startsWith('ERR_PARSE_ARGS') === true;
    if (!(error instanceof StartFailure) && !badUsage) throw error;
    process.stderr.write(`evenkeel: ${message}\n`);
    return badUsage ? EXIT.usage : EXIT.failed;
  }
}

/** Whether a supervisor runs on the home. */
export function isHeld(home: Home): boolean {
  if (!existsSync(home.lock)) return false;
  const lock = FileLock.take(home.lock);
  lock?.release();
  return lock === null;
}
