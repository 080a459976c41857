import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, createReadStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { SCRIPTS } from '../start/processes.ts';

/** Makes a home of a backup, without a control plane: for a restore beside what runs, or on another machine. */
export async function unpack({ io, args, options }: Call): Promise<number> {
  const [file, home] = args as readonly [string, string];
  const key = String(options.key);
  const database = databaseOf(options.database, io.env.EVENKEEL_DATABASE);
  await checkBackup(file, key);
  const sealedWith = keyIn(key);
  if (existsSync(home)) throw new CliFailure(EXIT.usage, `${home} is there already: name a folder that is not.`);
  let told = `${home} is a home now: evenkeel start --home ${home} --no-demo\n`;
  let note = '';
  try {
    for (const folder of ['state', 'credentials']) mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'credentials', 'secrets.key'), `${sealedWith}\n`, { mode: 0o600 });
    if (database === null) {
      copyFileSync(file, join(home, 'state', 'evenkeel.db'));
      // The control plane takes it for a copy, in which not all is known of what the original did.
      writeFileSync(join(home, 'state', 'unpacked'), '');
    } else {
      const made = await unpackInto(database, file, home);
      note = made.note;
      told =
        `${made.name} has the state now (${made.objects} objects), and ${home} is the home of a control plane on it: ` +
        `EVENKEEL_DATABASE=… evenkeel start --home ${home} --no-demo\n`;
    }
  } catch (error) {
    // Half a home would be in the way of the next attempt.
    rmSync(home, { recursive: true, force: true });
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(EXIT.failed, `${home} cannot be made: ${(error as Error).message}.`);
  }
  // From here on the home is there, whoever reads that.
  io.out(told);
  if (note !== '') io.err(note);
  return EXIT.ok;
}

/** The URL, or null: the state stays in a file. */
function databaseOf(given: unknown, environment: string | undefined): string | null {
  if (given === undefined) return null;
  const url = given === true ? environment : String(given);
  if (url) return url;
  throw new CliFailure(EXIT.usage, '--database needs a URL, or EVENKEEL_DATABASE: postgres://user@host:5432/evenkeel.');
}

async function checkBackup(file: string, key: string): Promise<void> {
  const about = file.replace(/\.db$/, '.json');
  if (about === file) throw new CliFailure(EXIT.usage, `${file} is no backup: their names end in .db.`);
  if (!existsSync(key)) throw new CliFailure(EXIT.usage, `there is no file ${key}.`);
  if (!existsSync(file)) throw new CliFailure(EXIT.usage, `there is no file ${file}.`);
  if (!existsSync(about)) throw new CliFailure(EXIT.usage, `there is no file ${about}: it belongs to the backup.`);
  const { sha256 } = JSON.parse(readFileSync(about, 'utf8')) as { sha256: string };
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') !== sha256) throw new CliFailure(EXIT.failed, `${file} has changed since it was made.`);
}

/** The key that a file holds, as a control plane writes it. */
function keyIn(file: string): string {
  const key = readFileSync(file, 'utf8').trim();
  if (/^[\w-]{43}$/.test(key)) return key;
  throw new CliFailure(EXIT.usage, `--key ${file} is no key: name credentials/secrets.key of the home it is from.`);
}

interface Unpacked {
  readonly name: string;
  readonly objects: number;
  /** What went wrong when it was done already, as a line; empty: nothing. */
  readonly note: string;
}

/** Has the program of the control plane do it, which knows databases. The URL may have a password: it is in no flag. */
async function unpackInto(url: string, file: string, home: string): Promise<Unpacked> {
  const child = spawn(process.execPath, [SCRIPTS.control, 'unpack', '--file', resolve(file), '--home', resolve(home)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, EVENKEEL_DATABASE: url },
  });
  const [said, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const sentence = complaint.trim().replace(/^evenkeel: /, '');
  // Once it has said so it is done, however the program ends.
  const { database: name, objects } = parsed(said);
  if (name !== undefined && objects !== undefined) return { name, objects, note: sentence && `${sentence}.\n` };
  throw new CliFailure(EXIT.failed, `${sentence || 'the program of the control plane ended without a word'}.`);
}

function parsed(said: string): { readonly database?: string; readonly objects?: number } {
  try {
    return JSON.parse(said) as { database: string; objects: number };
  } catch {
    // It ended before it could say anything, or in the middle of it.
    return {};
  }
}
