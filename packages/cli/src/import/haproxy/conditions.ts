import { ALWAYS, and, type Condition, or, type Test } from '../condition.ts';
import { NotCarried } from '../findings.ts';
import { oppositeOf, predefined, testOf } from './acl.ts';
import type { Statement } from './sections.ts';

/**
 * The acls of a proxy. Several of one name are alternatives; they are understood when a condition asks for them, so that
 * only what is used is told of.
 */
export class Acls {
  readonly #byName = new Map<string, Statement[]>();

  constructor(statements: readonly Statement[]) {
    for (const statement of statements) {
      const name = statement.words[1] ?? '';
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [statement]);
      else known.push(statement);
    }
  }

  /**
   * The condition behind `if` or `unless` in a statement (manual, §7.2); always without one. Throws NotCarried when rules
   * cannot say it.
   */
  condition(words: readonly string[]): Condition {
    const at = words.findIndex((word) => word === 'if' || word === 'unless');
    if (at < 0) return ALWAYS;
    if (words[at] === 'unless') return this.#unless(words.slice(at + 1));
    return this.#alternatives(words.slice(at + 1)).reduce<Condition>((all, terms) => or(all, this.#all(terms)), []);
  }

  /** Not (a or b) is not a and not b; not (a and b) is more than one alternative of opposites. */
  #unless(words: readonly string[]): Condition {
    return this.#alternatives(words).reduce<Condition>(
      (all, terms) =>
        and(
          all,
          terms.reduce<Condition>((some, term) => or(some, this.#term(negated(term))), []),
        ),
      ALWAYS,
    );
  }

  #all(terms: readonly Term[]): Condition {
    return terms.reduce<Condition>((all, term) => and(all, this.#term(term)), ALWAYS);
  }

  #term({ words, opposite }: Term): Condition {
    const tests = this.#tests(words);
    if (!opposite) return tests.map((test) => [test]);
    return tests.reduce<Condition>((all, test) => and(all, oppositeOf(test)), ALWAYS);
  }

  /** The alternatives that a term stands for, a test each. */
  #tests(words: readonly string[]): readonly Test[] {
    const [name = ''] = words;
    if (words.length > 1) return [testOf(words)];
    const declared = this.#byName.get(name);
    if (declared !== undefined) return declared.map(({ words: [, , ...criterion] }) => testOf(criterion));
    const known = predefined(name);
    if (known !== null) return known;
    // What is in braces may have no values: `{ ssl_fc }`.
    if (/^[a-z]/.test(name)) return [testOf(words)];
    throw new NotCarried(`names the acl ${name}, which is not there`);
  }

  #alternatives(words: readonly string[]): Term[][] {
    const alternatives: Term[][] = [[]];
    let opposite = false;
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!;
      if (word === '||' || word === 'or') {
        alternatives.push([]);
        continue;
      }
      if (word === '!') {
        opposite = !opposite;
        continue;
      }
      const bare = word.startsWith('!') ? word.slice(1) : word;
      if (word !== bare) opposite = !opposite;
      if (bare === '{') {
        const end = words.indexOf('}', at);
        if (end < 0) throw new NotCarried('has a brace that is not closed');
        alternatives.at(-1)?.push({ words: words.slice(at + 1, end), opposite });
        at = end;
      } else alternatives.at(-1)?.push({ words: [bare], opposite });
      opposite = false;
    }
    return alternatives;
  }
}

interface Term {
  readonly words: readonly string[];
  readonly opposite: boolean;
}

function negated(term: Term): Term {
  return { ...term, opposite: !term.opposite };
}
