import { backup } from 'node:sqlite';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import type { Failure, StateDatabase } from './database.ts';
import type { Database } from './schema.ts';
import { makePrivate, SQLITE, type SqliteFile, sqliteCode } from './sqlite.ts';

/** Pages of the database that are copied in one go. */
const COPY_PAGES = 4_096;

/** The state in a file of SQLite, which this process alone has open. */
export class SqliteDatabase implements StateDatabase {
  readonly db: Kysely<Database>;
  readonly file: SqliteFile;
  readonly oneConnection = true;
  readonly followed = false;

  constructor(file: SqliteFile) {
    this.file = file;
    this.db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
  }

  transaction(work: (trx: Transaction<Database>) => Promise<void>): Promise<void> {
    return this.db.transaction().execute(work);
  }

  /** Copies on another thread. SQLite does not go on with a copy while its own connection writes. */
  async copyTo(path: string): Promise<void> {
    makePrivate(path);
    await backup(this.file.raw, path, { rate: COPY_PAGES });
  }

  failureOf(error: unknown): Failure {
    const code = sqliteCode(error);
    if (code === SQLITE.FULL) return 'full';
    return code === null || code === SQLITE.CONSTRAINT ? 'rule' : 'unwritten';
  }

  async close(): Promise<void> {
    this.file.close();
  }
}
