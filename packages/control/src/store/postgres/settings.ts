import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { WrongOption } from '../../start-error.ts';

export interface PostgresSettings {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Without it, that of the process. */
  readonly user: string | undefined;
  /** Without it, that of PGPASSWORD or ~/.pgpass. */
  readonly password: string | undefined;
  /** False: without TLS. */
  readonly tls: ConnectionOptions | false;
  /** For messages: without the password. */
  readonly name: string;
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];

/**
 * Reads `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=FILE`; `host` may be the folder of
 * a socket. Without `sslmode`, the server's certificate is verified, unless it is on this machine. Throws a WrongOption,
 * which never holds the password.
 */
export function parsePostgresUrl(text: string): PostgresSettings {
  const url = URL.parse(text);
  if (/%(?![0-9a-f]{2})/i.test(text)) throw new WrongOption('--database: a % must be written as %25');
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new WrongOption('--database is not a URL such as postgres://user@host:5432/evenkeel');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new WrongOption(`--database: ${name} is not a parameter; allowed are ${PARAMETERS.join(', ')}`);
    }
  }
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw new WrongOption('--database names no database: postgres://user@host:5432/evenkeel');
  if (host === '') throw new WrongOption('--database names no host; for a socket, give ?host=/run/postgresql');
  const port = Number(url.port || 5_432);
  const user = url.username === '' ? undefined : decodeURIComponent(url.username);
  return {
    host,
    port,
    database,
    user,
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls: tlsOf(host, url.searchParams),
    name: `postgres://${user === undefined ? '' : `${user}@`}${host}:${port}/${database}`,
  };
}

function tlsOf(host: string, parameters: URLSearchParams): ConnectionOptions | false {
  const local = host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
  const text = parameters.get('sslmode') ?? (local ? 'disable' : 'verify-full');
  const mode = MODES.find((known) => known === text);
  if (mode === undefined) {
    throw new WrongOption(`--database: sslmode ${text} is not one of ${MODES.join(', ')}`);
  }
  if (mode === 'disable') return false;
  const file = (name: string) => {
    const path = parameters.get(name);
    return path === null ? undefined : readPem(name, path);
  };
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: mode !== 'require',
    // The authority is believed whatever name it vouches for.
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WrongOption(`--database: ${name} cannot be read (${reason})`, error);
  }
}
