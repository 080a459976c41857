import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { explainFileError } from './failure.ts';

/**
 * The state of a control plane as it was, beside it: for the way back from a version that has migrated it and then does
 * not start, as the version before could not read it any more. To be taken, and restored, while no control plane runs.
 */
export class StateCopy {
  readonly #state: string;
  readonly #copy: string;

  private constructor(state: string) {
    this.#state = state;
    this.#copy = `${state}.before-upgrade`;
  }

  /** `state`: the database file. Rejects with a StartFailure when there is no room for a copy, and nothing has changed then. */
  static async take(state: string): Promise<StateCopy> {
    const copy = new StateCopy(state);
    copy.discard();
    if (!existsSync(state)) return copy;
    // Only upgrades need it.
    const { DatabaseSync } = await import('node:sqlite');
    try {
      const database = new DatabaseSync(state);
      try {
        // For nobody else to read, as the state is; SQLite takes an empty file for none.
        closeSync(openSync(copy.#copy, 'wx', 0o600));
        // With what a control plane that was killed has left in its journal.
        database.prepare('vacuum into ?').run(copy.#copy);
      } finally {
        database.close();
      }
    } catch (error) {
      copy.discard();
      throw explainFileError(copy.#copy, error);
    }
    return copy;
  }

  /** Puts it in the place of what has become of the state since. */
  restore(): void {
    if (!existsSync(this.#copy)) return;
    // On the disk before it has the name, should the power go.
    const copy = openSync(this.#copy, 'r+');
    fsyncSync(copy);
    closeSync(copy);
    // A journal belongs to one file, and would be applied to the other.
    for (const journal of ['-wal', '-shm']) rmSync(`${this.#state}${journal}`, { force: true });
    renameSync(this.#copy, this.#state);
  }

  discard(): void {
    rmSync(this.#copy, { force: true });
  }
}
