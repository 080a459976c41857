import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Home } from './home.ts';

/** What a home was before a start, so that a start that is refused leaves nothing that was not there. */
export class Traces {
  readonly #home: Home;
  /** What was in it. */
  readonly #before: ReadonlySet<string>;
  /** Folders that were not there: the home, and those that it is in, from the innermost on. */
  readonly #missing: readonly string[];

  constructor(home: Home) {
    this.#home = home;
    const missing: string[] = [];
    for (let path = home.path; !existsSync(path); path = dirname(path)) missing.push(path);
    this.#missing = missing;
    this.#before = new Set(namesIn(home.path));
  }

  /**
   * Takes away what the supervisor itself has made. Nothing, when a process has made something beside it: then there is an
   * installation, and the next start goes on with it. Logs stay that say something. The lock is held meanwhile.
   */
  undo(): void {
    const { path, lock, logs, demo } = this.#home;
    const [run, record] = [basename(dirname(lock)), basename(demo)];
    const made = namesIn(path).filter((name) => !this.#before.has(name));
    if (made.some((name) => ![run, record, basename(logs)].includes(name))) return;
    for (const name of made) {
      if (name !== basename(logs) || !saysSomething(logs)) rmSync(join(path, name), { recursive: true, force: true });
    }
    for (const folder of this.#missing) {
      if (namesIn(folder).length > 0) return;
      rmdirSync(folder);
    }
  }
}

function saysSomething(folder: string): boolean {
  return namesIn(folder).some((name) => statSync(join(folder, name)).size > 0);
}

/** Nothing, where there is no folder. */
function namesIn(folder: string): string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
}
