import { readFile } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import { forgetSignatures, markCopied } from '../access/signature-hand-over.ts';
import type { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import type { State } from '../state/state.ts';
import { copyRows } from '../store/copy-rows.ts';
import { loadState } from '../store/load.ts';
import { isUpToDate, migratePostgres } from '../store/migrate.ts';
import { explain } from '../store/postgres/open.ts';
import { PostgresDatabase, sqlState } from '../store/postgres/postgres-database.ts';
import { LeaderSession } from '../store/postgres/session.ts';
import type { PostgresSettings } from '../store/postgres/settings.ts';
import type { Database } from '../store/schema.ts';
import { sqliteCode } from '../store/sqlite.ts';
import { type BackupRecord, checksumOf } from './archive.ts';
import { type BackupContents, useBackup } from './contents.ts';
import { compareRestored } from './restore-test.ts';

/** Of the control planes that shared the state: terms, and what they told each other, begin anew. */
const LEFT_OUT = ['leadership', 'change_feed', 'control_plane'];

export interface IntoPostgres {
  /** The file of the backup, with its `.json` beside it. */
  readonly file: string;
  /** A folder that is there for this alone; it is gone afterwards. */
  readonly scratch: string;
  readonly vault: Vault;
  readonly database: PostgresSettings;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What came of it. */
export interface Filled {
  /** How many objects there are. */
  readonly objects: number;
  /** What failed afterwards, when all was there already, such as tidying up; null: nothing. */
  readonly leftover: string | null;
}

/**
 * Fills an empty database of PostgreSQL with what a backup holds: in one transaction, so whole or not at all, and compared
 * with the backup, object by object, before that is committed. Rejects with a StartError, which says that nothing was
 * changed, unless nobody knows that.
 */
export async function restoreIntoPostgres({ file, scratch, vault, database, now }: IntoPostgres): Promise<Filled> {
  await checkSum(file);
  const filled: { objects?: number } = {};
  try {
    await useBackup(file, scratch, vault, async (contents) => {
      await fill(database, contents, vault, now(), (objects) => {
        filled.objects = objects;
      });
    });
  } catch (error) {
    // What is committed is there, whatever comes after it.
    if (filled.objects !== undefined) return { objects: filled.objects, leftover: reasonOf(error) };
    throw error instanceof StartError ? error : unsound(file, error);
  }
  return { objects: filled.objects!, leftover: null };
}

async function checkSum(file: string): Promise<void> {
  let sha256: string;
  try {
    ({ sha256 } = JSON.parse(await readFile(file.replace(/\.db$/, '.json'), 'utf8')) as BackupRecord);
  } catch (error) {
    throw new StartError(
      `the .json beside ${file} cannot be read (${reasonOf(error)}); it belongs to the backup`,
      error,
    );
  }
  if ((await checksumOf(file)) !== sha256)
    throw new StartError(`${file} has changed since it was made: its checksum is another one; take another backup`);
}

/** `committed` is told how many objects there are, once they are there. */
async function fill(
  settings: PostgresSettings,
  from: BackupContents,
  vault: Vault,
  now: number,
  committed: (objects: number) => void,
): Promise<void> {
  const { name } = settings;
  const database = await PostgresDatabase.open(settings);
  let session: LeaderSession | undefined;
  try {
    session = await LeaderSession.open(settings, () => {});
    if (!(await session.tryLock())) throw new StartError(`a control plane runs on ${name}; name an empty database`);
    const objects = await database.once(async (trx) => {
      await checkEmpty(trx, name);
      await migratePostgres(trx);
      await copyRows(from.db, trx, LEFT_OUT);
      await forgetSignatures(trx, now);
      await markCopied(trx);
      return compared(name, await loadState(trx, vault), from.state);
    });
    committed(objects);
  } catch (error) {
    throw error instanceof StartError ? error : unfilled(settings, database, error);
  } finally {
    await session?.close();
    await database.close();
  }
}

function compared(name: string, there: State, backup: State): number {
  try {
    return compareRestored(there, [backup]);
  } catch (error) {
    const reason = `what ${name} had been given is not what the backup holds: ${reasonOf(error)}`;
    throw new StartError(`${reason}; nothing was changed`, error);
  }
}

/** Why it could not be filled: an error of the database, or of what reads the backup, which is thrown as it is. */
function unfilled(settings: PostgresSettings, database: PostgresDatabase, error: unknown): unknown {
  if (database.failureOf(error) === 'unknown') {
    const end = `the connection to ${settings.name} broke at the very end (${reasonOf((error as Error).cause)})`;
    const remedy = 'it holds all of the backup, or nothing: create an empty database anew and unpack once more';
    return new StartError(`${end}; ${remedy}`, error);
  }
  // Classes of data and of constraints: https://www.postgresql.org/docs/15/errcodes-appendix.html
  if (/^2[23]/.test(sqlState(error) ?? ''))
    return new StartError(
      `${settings.name} cannot take what the backup holds (${reasonOf(error)}); nothing was changed`,
      error,
    );
  return sqliteCode(error) === null ? explain(settings, error) : error;
}

/** Throws a StartError when there is a table, whosever it is. */
async function checkEmpty(db: Kysely<Database>, name: string): Promise<void> {
  const tables = (await db.introspection.getTables({ withInternalKyselyTables: true })).filter((one) => !one.isView);
  const [table] = tables;
  if (table === undefined) return;
  const remedy = 'nothing was changed: create an empty database and name that';
  if (!tables.some((one) => one.name === 'kysely_migration'))
    throw new StartError(`${name} is not empty: it has the table ${table.schema}.${table.name}; ${remedy}`);
  await isUpToDate(db).catch((error) => {
    throw new StartError(`${name} holds the state of a newer version of Evenkeel; ${remedy}`, error);
  });
  throw new StartError(`${name} is not empty: it holds a state of Evenkeel; ${remedy}`);
}

function unsound(file: string, error: unknown): StartError {
  const reason = reasonOf(error);
  if (/migration/.test(reason) && /missing/.test(reason))
    return new StartError(`${file} was made by a newer version of Evenkeel; unpack it with that version`, error);
  return new StartError(`${file} cannot be restored (${reason}); nothing was changed`, error);
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
}
