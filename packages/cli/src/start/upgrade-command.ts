import { parseArgs } from 'node:util';
import { EXIT } from '../exit-codes.ts';
import { requestUpgrade } from './control-socket.ts';
import { StartFailure } from './failure.ts';
import { locateHome, ROOT } from './home.ts';
import { isHeld } from './on-home.ts';
import { readRunning } from './running.ts';

const DEFAULT_DRAIN = 300;
const LONGEST_DRAIN = 3_600;

export const UPGRADE_HELP = `Usage: evenkeel upgrade [options]

Has what runs on a home go on in the version that this command is of: run it from the new version's folder, or from the
same folder once that is updated. Clients notice nothing: the new node agent takes over the listening sockets, and the
old one ends the requests, tunnels and WebSockets that it has. Who asks the API waits for about a second. When the new
version does not come up, the old one goes on.

Options:
  --home FOLDER       what runs on this home (EVENKEEL_HOME; default: .evenkeel in the checkout)
  --drain-timeout N   seconds that the old node agent has for what runs, 0 to ${LONGEST_DRAIN} (default: ${DEFAULT_DRAIN})
  --agent-only        leave the control plane as it is
  -h, --help          this text
`;

/** `evenkeel upgrade`. Resolves with the exit code when the new version serves. */
export async function upgradeCommand(args: readonly string[]): Promise<number> {
  let usage = true;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        'drain-timeout': { type: 'string' },
        'agent-only': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(UPGRADE_HELP);
      return EXIT.ok;
    }
    const drain = drainOf(values['drain-timeout'] ?? String(DEFAULT_DRAIN));
    usage = false;
    const home = locateHome(values.home);
    const running = isHeld(home) ? readRunning(home.record) : null;
    if (running === null)
      throw new StartFailure(`Evenkeel does not run on ${home.path}: start it with "evenkeel start".`);
    if (typeof running.socket !== 'string') {
      throw new StartFailure(
        `What runs on ${home.path} (process ${running.pid}) is not ready yet, or too old for an upgrade in place: end it with "evenkeel stop", and start this version.`,
      );
    }
    const request = {
      root: ROOT,
      node: process.execPath,
      drainMilliseconds: drain * 1000,
      agentOnly: !!values['agent-only'],
    };
    await requestUpgrade(running.socket, request, (line) => process.stdout.write(`${line}\n`));
    return EXIT.ok;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const badUsage = code?.startsWith('ERR_PARSE_ARGS') === true;
    if (!(error instanceof StartFailure) && !badUsage) throw error;
    process.stderr.write(`evenkeel: ${message}\n`);
    return usage ? EXIT.usage : EXIT.failed;
  }
}

function drainOf(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= LONGEST_DRAIN) return value;
  throw new StartFailure(
    `--drain-timeout ${text} is not allowed: give a whole number of seconds from 0 to ${LONGEST_DRAIN}.`,
  );
}
