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
  const remedy = remedyOf(error.message, url);
  if (remedy !== null) {
    return new CliFailure(EXIT.unreachable, `the control plane cannot be reached: ${error.message}.`, [remedy]);
  }
  return new CliFailure(EXIT.unreachable, `the control plane does not run, or cannot be reached: ${error.message}.`, [
    'Start it with "evenkeel start", or name another one with --url.',
  ]);
}

/** Of somebody who answers, and is not to be trusted or not understood; null: it is not known that anybody does. */
function remedyOf(message: string, url: string): string | null {
  if (/the certificate is (not trusted|another one)/.test(message)) {
    return (
      'If that is the fingerprint that "evenkeel start" prints there, give it with --fingerprint, or with --ca ' +
      'the authority that vouches for the control plane.'
    );
  }
  // A server of TLS ends such a connection without a word of HTTP, one of HTTP answers a ClientHello with text.
  if (url.startsWith('http:') && /socket hang up|ECONNRESET/.test(message)) {
    return 'What listens there may speak TLS alone: try --url with https.';
  }
  if (url.startsWith('https:') && /wrong version number|packet length too long/i.test(message)) {
    return 'What listens there speaks no TLS: try --url with http, which is for this machine alone.';
  }
  return null;
}

/** Whether the control plane there is one that a living supervisor of the home looks after. */
function isSupervised(url: string, home: Home): boolean {
  const running = readRunning(home.record);
  // Until its control plane has been ready once, a supervisor does not know the address.
  return running !== null && (running.url ?? url) === url && isHeld(home);
}
