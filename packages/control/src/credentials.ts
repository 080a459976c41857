import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface Credentials {
  readonly adminToken: string;
  readonly nodeToken: string;
}

/**
 * Reads the tokens under `<home>/credentials`, and makes those that are missing. The files can be read by their owner
 * alone. `admin.json` also says where the API is, and both which certificate it shows: its fingerprint, if it has one.
 * Throws a StartError.
 */
export function loadCredentials(home: string, url: string, fingerprint: string | null): Credentials {
  const directory = join(home, 'credentials');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const adminToken = readToken(join(directory, 'admin.json')) ?? newToken('ekadm');
    const nodeToken = readToken(join(directory, 'node.json')) ?? newToken('eknode');
    const trusted = fingerprint === null ? {} : { fingerprint };
    write(join(directory, 'admin.json'), { token: adminToken, url, ...trusted });
    write(join(directory, 'node.json'), { token: nodeToken, ...trusted });
    return { adminToken, nodeToken };
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `cannot keep credentials in ${directory} (${reason}); make it writable, or choose another --home`,
      error,
    );
  }
}

/** 256 random bits; the prefix tells what a token is for, should it turn up somewhere. */
function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

function readToken(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const token = tokenIn(text);
  if (token === null)
    throw new StartError(`${file} holds no token; move it away, and a new one is made at the next start`);
  return token;
}

function tokenIn(text: string): string | null {
  try {
    const { token } = JSON.parse(text) as { token?: unknown };
    return typeof token === 'string' && /^[!-~]{16,}$/.test(token) ? token : null;
  } catch {
    return null;
  }
}

/** Puts the whole file in place at once, and only when it would change. */
function write(file: string, content: Readonly<Record<string, string>>): void {
  const text = `${JSON.stringify(content)}\n`;
  try {
    if (readFileSync(file, 'utf8') === text) {
      chmodSync(file, 0o600);
      return;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
