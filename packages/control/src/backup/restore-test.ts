import { readFile } from 'node:fs/promises';
import { ORDER } from '../revisions/put-back.ts';
import { equal } from '../state/equal.ts';
import { ACCESS_KINDS, objectsOf } from '../state/objects.ts';
import type { State } from '../state/state.ts';
import { writeDurably } from './archive.ts';
import { objectsIn } from './restore.ts';

/** What came of the last restore test. Times are Unix milliseconds. */
export interface RestoreTest {
  readonly lastTestAt: number | null;
  readonly lastTestError: string | null;
}

const NONE: RestoreTest = { lastTestAt: null, lastTestError: null };

/**
 * Compares what was restored with the one of `known` that is of the same generation, if there is one: object by object,
 * secrets as well. Throws an Error that names the first that differs; returns how many objects there are.
 */
export function compareRestored(restored: State, known: readonly State[]): number {
  const same = known.find(({ generation }) => generation === restored.generation);
  if (same !== undefined) for (const kind of [...ORDER, ...ACCESS_KINDS]) compareKind(kind, restored, same);
  return objectsIn(restored);
}

function compareKind(kind: Parameters<typeof objectsOf>[1], restored: State, known: State): void {
  const [there, here] = [objectsOf(restored, kind), objectsOf(known, kind)];
  for (const [id, record] of here) {
    if (!equal(there.get(id), record)) throw new Error(`${kind} ${id} is another one than in the state`);
  }
  if (there.size !== here.size) throw new Error(`there are ${there.size} of ${kind}, and ${here.size} in the state`);
}

/** The outcome of the last test, in a file: it outlives the process, and a restore does not turn it back. */
export class RestoreTestFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<RestoreTest> {
    try {
      return { ...NONE, ...(JSON.parse(await readFile(this.#path, 'utf8')) as Partial<RestoreTest>) };
    } catch (error) {
      // Torn by something that is not ours: the next test is made at once.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return NONE;
      throw error;
    }
  }

  write(test: RestoreTest): Promise<void> {
    return writeDurably(this.#path, `${JSON.stringify(test, null, 2)}\n`);
  }
}
