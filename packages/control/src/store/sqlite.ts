import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Prepared statements that are kept; the statements of the store are far fewer. */
const STATEMENTS = 200;
/** Milliseconds that a lock is waited for. There is one connection, so only a second process can hold one. */
const BUSY_TIMEOUT = 250;

export const APPLICATION_ID = 0x45766b6c;

/** node:sqlite in the shape that Kysely's SqliteDialect asks for. */
export class SqliteFile implements SqliteDatabase {
  readonly raw: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(file: string) {
    makePrivate(file);
    this.raw = new DatabaseSync(file, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: true });
  }

  prepare(sql: string): SqliteStatement {
    // A failed commit may have ended the transaction already; then there is nothing to roll back.
    if (sql === 'rollback' && !this.raw.isTransaction) return NOTHING;
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = wrap(this.raw.prepare(sql));
    if (this.#statements.size >= STATEMENTS) this.#statements.delete(this.#statements.keys().next().value!);
    this.#statements.set(sql, statement);
    return statement;
  }

  pragma(name: string): unknown {
    const row = this.raw.prepare(`pragma ${name}`).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  close(): void {
    this.#statements.clear();
    this.raw.close();
  }
}

/**
 * Makes an empty file that nobody else may read, where there is none: SQLite would let everybody, and gives its logs what the
 * file has. One that is there is as private from now on, if it is this user's.
 */
export function makePrivate(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined) closeSync(openSync(file, 'wx', 0o600));
  else if ((there.mode & 0o077) !== 0 && there.uid === process.getuid?.()) chmodSync(file, 0o600);
}

const NOTHING: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

function wrap(statement: StatementSync): SqliteStatement {
  const input = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...input(parameters)),
    run: (parameters) => statement.run(...input(parameters)),
    iterate: (parameters) => statement.iterate(...input(parameters)),
  };
}

/** The primary result code of SQLite behind an error, or null. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** https://sqlite.org/rescode.html */
export const SQLITE = { BUSY: 5, LOCKED: 6, READONLY: 8, IOERR: 10, FULL: 13, CANTOPEN: 14, CONSTRAINT: 19 } as const;
