import { readFile } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import { forgetSignatures, markCopied } from '../access/signature-hand-over.ts';
import type { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import { copyRows } from '../store/copy-rows.ts';
import { loadState } from '../store/load.ts';
import { isUpToDate, migratePostgres } from '../store/migrate.ts';
import { explain } from '../store/postgres/open.ts';
import { PostgresDatabase } from '../store/postgres/postgres-database.ts';
import { LeaderSession } from '../store/postgres/session.ts';
import type { PostgresSettings } from '../store/postgres/settings.ts';
import type { Database } from '../store/schema.ts';
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

/**
 * Fills an empty database of PostgreSQL with what a backup holds: in one transaction, so whole or not at all, and compared
 * with the backup, object by object, before that is committed. Resolves with how many objects there are; rejects with a
 * StartError.
 */
export async function restoreIntoPostgres({ file, scratch, vault, database, now }: IntoPostgres): Promise<number> {
  await checkSum(file);
  const filled: { objects?: number } = {};
  try {
    await useBackup(file, scratch, vault, async (contents) => {
      filled.objects = await fill(database, contents, vault, now());
    });
  } catch (error) {
    throw error instanceof StartError ? error : unsound(file, error);
  }
  return filled.objects!;
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

async function fill(settings: PostgresSettings, from: BackupContents, vault: Vault, now: number): Promise<number> {
  const { name } = settings;
  const database = await PostgresDatabase.open(settings);
  let session: LeaderSession | undefined;
  try {
    session = await LeaderSession.open(settings, () => {});
    if (!(await session.tryLock())) throw new StartError(`a control plane runs on ${name}; name an empty database`);
    return await database.db.transaction().execute(async (trx) => {
      await checkEmpty(trx, name);
      await migratePostgres(trx);
      await copyRows(from.db, trx, LEFT_OUT);
      await forgetSignatures(trx, now);
      await markCopied(trx);
      return compareRestored(await loadState(trx, vault), [from.state]);
    });
  } catch (error) {
    throw error instanceof StartError ? error : explain(settings, error);
  } finally {
    await session?.close();
    await database.close();
  }
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
