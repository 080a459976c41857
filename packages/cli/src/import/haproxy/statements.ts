import type { Statement } from './sections.ts';

/** The statements of a proxy, those of its defaults first. Whoever reads one takes it; what nobody took is told. */
export class Statements {
  readonly #all: readonly Statement[];
  readonly #taken = new Set<Statement>();

  constructor(all: readonly Statement[]) {
    this.#all = all;
  }

  /** All that begin with these words, in order. */
  take(...words: readonly string[]): Statement[] {
    const found = this.#all.filter((statement) => words.every((word, index) => statement.words[index] === word));
    for (const statement of found) this.#taken.add(statement);
    return found;
  }

  /** All that begin with one of these words, in order. */
  takeAny(first: readonly string[]): Statement[] {
    const found = this.#all.filter(({ words: [word = ''] }) => first.includes(word));
    for (const statement of found) this.#taken.add(statement);
    return found;
  }

  /** The last that begins with these words: it is the one that counts. */
  last(...words: readonly string[]): Statement | null {
    return this.take(...words).at(-1) ?? null;
  }

  /** `option …` or `no option …`, whichever comes last; null when neither is there or it is taken back. */
  option(name: string): Statement | null {
    const said = this.#all.filter(
      ({ words }) =>
        (words[0] === 'option' && words[1] === name) ||
        (words[0] === 'no' && words[1] === 'option' && words[2] === name),
    );
    for (const statement of said) this.#taken.add(statement);
    const last = said.at(-1);
    return last === undefined || last.words[0] === 'no' ? null : last;
  }

  get taken(): Statement[] {
    return [...this.#taken];
  }

  get untaken(): Statement[] {
    return this.#all.filter((statement) => !this.#taken.has(statement));
  }
}
