import { readFileSync } from 'node:fs';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { locateHome } from '../start/home.ts';
import { DEFAULT_PORT } from '../start/options.ts';
import { readRunning } from '../start/running.ts';

export interface Connection {
  readonly url: string;
  readonly token: string;
}

export interface ConnectionOptions {
  readonly home?: string;
  readonly url?: string;
  readonly token?: string;
}

/**
 * Where the control plane is, and the token for it: options before the environment before what the home says. The
 * token of a home is sent to its own control plane or to this machine alone, never to whatever address is given.
 */
export function findConnection(options: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): Connection {
  const home = locateHome(options.home, env);
  const given = options.url || env.EVENKEEL_URL;
  const own = readRunning(home.record)?.url ?? `http://127.0.0.1:${DEFAULT_PORT}`;
  const url = given === undefined ? own : parseUrl(given);
  const token = options.token || env.EVENKEEL_TOKEN;
  if (token) return { url, token };
  if (url !== own && !isLoopback(url)) {
    throw new CliFailure(EXIT.usage, `no token for ${url}: set EVENKEEL_TOKEN, or give one with --token.`);
  }
  return { url, token: readToken(home.adminCredential) };
}

/** The origin of an address that a person gave. */
function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new CliFailure(
    EXIT.usage,
    `"${text}" is no address of a control plane: give one such as http://127.0.0.1:7700.`,
  );
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function readToken(path: string): string {
  try {
    const { token } = JSON.parse(readFileSync(path, 'utf8')) as { token?: unknown };
    if (typeof token === 'string' && token !== '') return token;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new CliFailure(EXIT.failed, `${path} holds no token: give one with EVENKEEL_TOKEN.`);
}

function unreadable(path: string, error: unknown): CliFailure {
  // The message would quote a part of the token.
  if (error instanceof SyntaxError) {
    return new CliFailure(EXIT.failed, `${path} is not valid JSON: give a token with EVENKEEL_TOKEN.`);
  }
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CliFailure(
        EXIT.unreachable,
        `the control plane has never run here (there is no ${path}): start it with "evenkeel start", ` +
          'or name another one with --home, or with EVENKEEL_URL and EVENKEEL_TOKEN.',
      );
    case 'EACCES':
    case 'EPERM':
      return new CliFailure(
        EXIT.failed,
        `${path} cannot be read by this user: ask its owner for a token, and set EVENKEEL_TOKEN.`,
      );
    default:
      return new CliFailure(EXIT.failed, `${path} cannot be read (${(error as Error).message}): set EVENKEEL_TOKEN.`);
  }
}
