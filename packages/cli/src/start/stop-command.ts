import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../exit-codes.ts';
import { StartFailure } from './failure.ts';
import { isHeld, onHome } from './on-home.ts';
import { startTimeOf } from './process-time.ts';
import { readRunning } from './running.ts';

const POLL = 50;

export const STOP_HELP = `Usage: evenkeel stop [--home FOLDER]

Ends what runs on a home: requests in flight may finish. Returns when everything has ended.
`;

/** `evenkeel stop`. Resolves with the exit code when what ran has ended. */
export function stopCommand(args: readonly string[]): Promise<number> {
  return onHome(args, STOP_HELP, async ({ home }) => {
    if (!isHeld(home)) throw new StartFailure(`Evenkeel does not run on ${home.path}.`);
    const running = readRunning(home.record);
    const startTime = running === null ? null : startTimeOf(running.pid);
    if (running === null || startTime === null) {
      throw new StartFailure(`${home.record} does not tell which process to stop: end the "evenkeel start" itself.`);
    }
    process.kill(running.pid, 'SIGTERM');
    // The supervisor has bounds of its own; whoever waits here may stop waiting with Ctrl-C.
    while (startTimeOf(running.pid) === startTime) await sleep(POLL);
    console.log('Stopped.');
    return EXIT.ok;
  });
}
