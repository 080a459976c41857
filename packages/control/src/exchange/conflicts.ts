import { NAME } from '@evenkeel/model/limits.ts';
import type { ConflictChoice, ImportConflict } from '@evenkeel/model/resources/exchange.ts';
import { ProblemError } from '../problem.ts';

/** What is known of a conflict before it is decided what becomes of it. */
type Met = Omit<ImportConflict, 'renamedTo'>;

/** The objects of a document that meet others of their names, and what becomes of them. */
export class Conflicts {
  readonly choice: ConflictChoice;
  readonly #list: ImportConflict[] = [];

  constructor(choice: ConflictChoice) {
    this.choice = choice;
  }

  get list(): readonly ImportConflict[] {
    return this.#list;
  }

  /** The name that the object is imported under; null: it is not. `taken` gets a new one. */
  settle(met: Met, taken: Set<string>): string | null {
    const renamedTo = this.choice === 'rename' ? freeName(met.name, taken) : null;
    this.#list.push({ ...met, renamedTo });
    if (renamedTo !== null) taken.add(renamedTo);
    return this.choice === 'refuse' ? null : (renamedTo ?? met.name);
  }

  /** Throws `import-conflict` when there are some, and nobody has said what to do. */
  check(): void {
    if (this.choice !== 'refuse' || this.#list.length === 0) return;
    const errors = this.#list.map(({ field, name, id, differs }) => {
      return { field: `${field}/name`, reason: `${name} is the name of ${id}, which differs: ${differs.join(', ')}` };
    });
    throw new ProblemError('import-conflict', `${errors[0]!.field}: ${errors[0]!.reason}`, { errors });
  }
}

/** The name with the first number behind it that nobody has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const ending = `-${number}`;
    const free = `${shortened(name, NAME.maximum - ending.length)}${ending}`;
    if (!taken.has(free)) return free;
  }
}

/** So many UTF-16 units at most, and no half of a character. */
function shortened(name: string, length: number): string {
  const cut = name.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
