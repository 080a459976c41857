import { EXIT } from '../exit-codes.ts';
import { StartFailure, WrongSetting } from './failure.ts';
import { parseStart, START_HELP } from './options.ts';
import { StopRequests } from './stop-requests.ts';
import { Supervisor } from './supervisor.ts';

/** Exit code after a second Ctrl-C: what a shell shows for a program that SIGINT has ended. */
const FORCED = 130;

/**
 * `evenkeel start`: runs until it is told to stop. Resolves with the exit code.
 * @param args what follows `start` on the command line
 */
export async function startCommand(args: readonly string[]): Promise<number> {
  let usage = true;
  try {
    const options = parseStart(args);
    usage = false;
    if (options === 'help') {
      process.stdout.write(START_HELP);
      return EXIT.ok;
    }
    // A terminal that is gone must not end what runs before SIGHUP ends it in order.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    const supervisor = new Supervisor(options, say);
    return await untilStopped(supervisor);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    process.stderr.write(`evenkeel: ${error.message}\n`);
    return usage || error instanceof WrongSetting ? EXIT.usage : EXIT.failed;
  }
}

async function untilStopped(supervisor: Supervisor): Promise<number> {
  const stopped = Promise.withResolvers<number>();
  const requests = new StopRequests({
    onStop: () => {
      say('Stopping: requests in flight may finish; Ctrl-C again ends them.');
      supervisor.stop().then(() => stopped.resolve(0), stopped.reject);
    },
    onForce: () => {
      supervisor.force();
      stopped.resolve(FORCED);
    },
  });
  requests.listen();
  const started = supervisor.start().catch((error: unknown) => {
    // Whoever stops a start on purpose need not hear that it has failed.
    if (!requests.requested) stopped.reject(error);
  });
  const code = await stopped.promise;
  await started;
  if (code === 0) say('Stopped.');
  return code;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
