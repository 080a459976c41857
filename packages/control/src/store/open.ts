import { linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import type { State } from '../state/state.ts';
import type { StateDatabase } from './database.ts';
import { expectKey } from './expect-key.ts';
import { loadState } from './load.ts';
import { isOutOfDate, migrateSqlite } from './migrate.ts';
import { sealRuleSecrets } from './seal-rule-secrets.ts';
import { APPLICATION_ID, SQLITE, SqliteFile, sqliteCode } from './sqlite.ts';
import { SqliteDatabase } from './sqlite-database.ts';

export interface OpenedDatabase {
  readonly database: StateDatabase;
  readonly state: State;
}

export interface OpenOptions {
  /** The check compares indexes with tables as well, which takes four times as long. */
  readonly thorough?: boolean;
  /** Where tables of an earlier version are copied before they are brought up to date. */
  readonly copy?: string | null;
}

/**
 * Opens a file of SQLite, checks it, brings its tables up to date and reads the state. It is locked for this process as
 * long as it is open: by the kernel, so that a lock never outlives its process. A file that is not sound is left as it is.
 * Rejects with a StartError.
 */
export async function openDatabase(
  file: string,
  vault: Vault,
  { thorough = false, copy = null }: OpenOptions = {},
): Promise<OpenedDatabase> {
  let sqlite: SqliteFile | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (sizeOf(file) === null) {
      // SQLite would write what is in there over the new file.
      if (sizeOf(`${file}-wal`) !== null) throw new StartError(leftLogSentence(file));
      createEmpty(file);
    } else if (sizeOf(file) === 0) throw new NotOursError('it is empty');
    sqlite = new SqliteFile(file);
    prepare(sqlite, thorough);
    const database = new SqliteDatabase(sqlite);
    const { db } = database;
    if (copy !== null && (await isOutOfDate(db))) {
      rmSync(copy, { force: true });
      await database.copyTo(copy);
    }
    await migrateSqlite(db);
    const state = await loadState(db, vault);
    await expectKey(db, vault);
    vault.ensureKey();
    await sealRuleSecrets(db, state, vault);
    return { database, state };
  } catch (error) {
    sqlite?.close();
    if (error instanceof StartError) throw error;
    throw explain(file, error);
  }
}

/** The one that a start makes by itself. There is one, of the last time. */
export function copyBeforeUpgrade(file: string): string {
  return join(dirname(file), 'before-upgrade.db');
}

class NotOursError extends Error {}

/** Bytes; null: there is no such file. */
function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null;
}

/**
 * A file of no tables, which gets its name when its first page is written: so that one without any is known to have lost
 * what it had, as files do whose system goes down, and is not taken for a new one. Never over one that is there.
 */
function createEmpty(file: string): void {
  const draft = `${file}.${process.pid}`;
  rmSync(draft, { force: true });
  try {
    writeFirstPage(draft);
    linkSync(draft, file);
  } catch (error) {
    // Somebody else was faster; whose file it is, the lock will say.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeFirstPage(file: string): void {
  const sqlite = new SqliteFile(file);
  try {
    sqlite.pragma(`application_id = ${APPLICATION_ID}`);
  } finally {
    sqlite.close();
  }
}

function leftLogSentence(file: string): string {
  return `${file} is gone and ${file}-wal, which belongs to it, is still there: put the file back, make a new home of a backup (evenkeel backup unpack), or move ${file}* away to begin anew`;
}

function prepare(sqlite: SqliteFile, thorough: boolean): void {
  sqlite.pragma('locking_mode = exclusive');
  // With exclusive locking the first write takes the lock, and keeps it.
  sqlite.raw.exec('begin immediate; commit');
  const application = sqlite.pragma('application_id');
  const empty = sqlite.pragma('schema_version') === 0;
  if (!empty && application !== APPLICATION_ID) throw new NotOursError('it belongs to another program');
  const verdict = sqlite.pragma(thorough ? 'integrity_check(1)' : 'quick_check(1)');
  if (verdict !== 'ok') throw new NotOursError(String(verdict));
  sqlite.pragma('journal_mode = wal');
  sqlite.pragma('synchronous = full');
  if (empty) sqlite.pragma(`application_id = ${APPLICATION_ID}`);
}

function explain(file: string, error: unknown): StartError {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
  switch (sqliteCode(error)) {
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
      return new StartError(`another control plane uses ${file}; stop it, or start with another --home`, error);
    case SQLITE.FULL:
      return new StartError(`the disk of ${file} is full; free some space and start again`, error);
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
    case SQLITE.IOERR:
      return new StartError(
        `cannot write ${file} (${reason}); check the permissions of its directory and the disk`,
        error,
      );
    default:
      break;
  }
  if (error instanceof Error && 'syscall' in error) {
    return new StartError(
      `cannot create ${dirname(file)} (${reason}); make it writable, or choose another --home`,
      error,
    );
  }
  if (/missing/.test(reason) && /migration/.test(reason)) {
    return new StartError(`${file} was written by a newer version of Evenkeel; start that version`, error);
  }
  return new StartError(
    `the state file ${file} is damaged (${reason}); it was left as it is: make a new home of a backup (evenkeel backup unpack), or move ${file}* away to begin anew`,
    error,
  );
}
