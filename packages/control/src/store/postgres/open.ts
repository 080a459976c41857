import type { Vault } from '../../secrets/vault.ts';
import { StartError } from '../../start-error.ts';
import type { State } from '../../state/state.ts';
import { expectKey } from '../expect-key.ts';
import { loadState } from '../load.ts';
import { isOutOfDate, isUpToDate, migratePostgres } from '../migrate.ts';
import { PostgresDatabase, sqlState } from './postgres-database.ts';
import { LeaderSession } from './session.ts';
import type { PostgresSettings } from './settings.ts';

/** Milliseconds between looks whether a leader has made the tables. */
const LOOK = 500;

export interface OpenedPostgres {
  readonly database: PostgresDatabase;
  readonly state: State;
  /** Holds the lock, if it was free. */
  readonly session: LeaderSession;
}

export interface PostgresEvents {
  /** A transaction was committed, by whomever. */
  readonly changed: () => void;
  /** The tables are of an earlier version, whose leader has to end before this one can begin. */
  readonly waiting: () => void;
  /** The tables are about to be brought up to date from an earlier version; `copyTo` keeps them as they are. */
  readonly upgrading?: (copyTo: (path: string) => Promise<void>) => Promise<void>;
}

/**
 * Connects to the database and reads the state. Whoever gets the lock brings the tables up to date; the others wait for
 * that. Rejects with a StartError.
 */
export async function openPostgres(
  settings: PostgresSettings,
  vault: Vault,
  { changed, waiting, upgrading }: PostgresEvents,
): Promise<OpenedPostgres> {
  const database = await PostgresDatabase.open(settings);
  let session: LeaderSession | undefined;
  try {
    session = await LeaderSession.open(settings, changed);
    for (let told = false; ; told = true) {
      if (await session.tryLock()) {
        if (await isOutOfDate(database.db)) {
          // The lock is free, but who had it may not know: nothing is to be written after the copy, nor as it was before.
          await database.endTerms();
          await upgrading?.((path) => database.copyTo(path));
        }
        await migratePostgres(database.db);
      }
      if (await isUpToDate(database.db)) break;
      if (!told) waiting();
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
    const { db } = database;
    const state = await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => loadState(trx, vault));
    await expectKey(db, vault);
    vault.ensureKey();
    return { database, state, session };
  } catch (error) {
    await session?.close();
    await database.close();
    throw error instanceof StartError ? error : explain(settings, error);
  }
}

/** Why a database of PostgreSQL cannot be used, with the remedy. */
export function explain({ name, user }: PostgresSettings, error: unknown): StartError {
  const reason = (error instanceof Error ? error.message || String(error) : String(error)).replace(/\s+/g, ' ');
  switch (sqlState(error)) {
    case '28P01':
    case '28000':
      return new StartError(`${name} refuses ${user ?? 'this user'} (${reason}); check user and password`, error);
    case '3D000':
      return new StartError(`${name} is not there (${reason}); create the database, empty, and start again`, error);
    case '42501':
      return new StartError(`${name}: ${reason}; the user must be the owner of the database`, error);
    case '53100':
      return new StartError(`the disk of ${name} is full; free some space and start again`, error);
    case '53300':
      return new StartError(`${name} takes no more connections (${reason}); raise max_connections`, error);
    default:
      break;
  }
  if (/migration/.test(reason) && /missing/.test(reason)) {
    return new StartError(`${name} was written by a newer version of Evenkeel; start that version`, error);
  }
  if (error instanceof Error && ('syscall' in error || /connect|terminat|SSL|certificate/i.test(reason))) {
    const told = 'code' in error && reason === '' ? String(error.code) : reason;
    return new StartError(`cannot reach ${name} (${told}); check that it runs, and the address`, error);
  }
  return new StartError(`the state in ${name} cannot be read (${reason}); nothing was changed`, error);
}
