import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';

/** How one control plane is reached, under a name. */
export interface Profile {
  readonly url: string;
  readonly token?: string;
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly tenant?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The file with all profiles; others may not read it. */
export function profilesFile(env: Env): string {
  return join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'evenkeel', 'profiles.json');
}

/** By name. Throws a CliFailure. */
export function readProfiles(env: Env): ReadonlyMap<string, Profile> {
  const file = profilesFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return new Map();
    throw new CliFailure(EXIT.failed, `${file} cannot be read (${code}): mend that, or leave out --profile.`);
  }
  const entries = profilesIn(text);
  // What it holds is secret, and so no part of the message.
  if (entries === null) throw new CliFailure(EXIT.failed, `${file} holds no profiles: mend it, or move it away.`);
  return new Map(entries);
}

export function profileNamed(name: string, env: Env): Profile {
  const found = readProfiles(env).get(name);
  if (found !== undefined) return found;
  throw new CliFailure(
    EXIT.usage,
    `there is no profile "${name}": "evenkeel profile list" shows those that there are.`,
  );
}

/** Puts the whole file in place at once. */
export function writeProfiles(profiles: ReadonlyMap<string, Profile>, env: Env): void {
  const file = profilesFile(env);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify({ profiles: Object.fromEntries(profiles) }, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    throw new CliFailure(EXIT.failed, `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function profilesIn(text: string): [string, Profile][] | null {
  try {
    const { profiles } = JSON.parse(text) as { profiles?: unknown };
    if (typeof profiles !== 'object' || profiles === null) return null;
    const entries = Object.entries(profiles as Record<string, Profile>);
    return entries.every(([, profile]) => typeof profile?.url === 'string') ? entries : null;
  } catch {
    return null;
  }
}
