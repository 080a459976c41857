import type { ConnectionError } from '@evenkeel/client/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { type Home, locateHome } from '../start/home.ts';
import { isHeld } from '../start/on-home.ts';
import { readRunning } from '../start/running.ts';

/** What to do about a control plane at `url` (an origin) that gave no answer. `homeFlag`: the home that was named, if any. */
export function unreachable(
  error: ConnectionError,
  url: string,
  homeFlag: string | undefined,
  env: Readonly<NodeJS.ProcessEnv>,
): CliFailure {
  if (isSupervised(url, locateHome(homeFlag, env))) {
    return new CliFailure(EXIT.unreachable, `the control plane cannot be reached: ${error.message}.`, [
      'Evenkeel runs, and starts it again when it has died: try again in a few seconds, or see "evenkeel status".',
    ]);
  }
  return new CliFailure(EXIT.unreachable, `the control plane does not run, or cannot be reached: ${error.message}.`, [
    'Start it with "evenkeel start", or name another one with --url.',
  ]);
}

/** Whether the control plane there is one that a living supervisor of the home looks after. */
function isSupervised(url: string, home: Home): boolean {
  const running = readRunning(home.record);
  // Until its control plane has been ready once, a supervisor does not know the address.
  return running !== null && (running.url ?? url) === url && isHeld(home);
}
