import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explainFileError } from './failure.ts';

const SQLITE_BUSY = 5;

/**
 * An exclusive lock on a file that the kernel drops when its holder dies, however it dies. Node has no call for such a
 * lock, but SQLite takes one (fcntl) on an empty database, and keeps it while a transaction is open; nothing is written.
 */
export class FileLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The lock, or null when another process holds it. Throws a StartFailure when the file cannot be opened. */
  static take(path: string): FileLock | null {
    let database: DatabaseSync | undefined;
    try {
      // SQLite opens what it may not write for reading, and would then report something else.
      accessSync(dirname(path), constants.W_OK);
      database = new DatabaseSync(path, { timeout: 0 });
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
      throw explainFileError(path, error);
    }
  }

  release(): void {
    this.#database.close();
  }
}
