import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import type { RoutedRequest } from '../condition/condition.ts';
import { holdsAll, type Matched } from '../rule.ts';
import type { Steps } from '../steps.ts';
import { AS_IS, LOWER } from './byte-hash.ts';
import type { PathEntry, PathHit } from './path-index.ts';

/** What an entry asks for. In the order of their ranks: the best first. */
const Kind = { exact: 0, prefix: 1, regex: 2, any: 3 } as const;

/** Entries of a host up to which a look at each costs less than an index. */
export const MOST_IN_LIST = 8;

/** Numbers per entry in `#entries`: kind, whether case is ignored, offset and length in the pool, index of the rule. */
const STRIDE = 5;

/**
 * The paths of hosts that have few of them, of all such hosts in one piece of memory: with ten thousand hosts, what a
 * request costs is how many places it has to look at, not how much it does there. Entries stand in the order of their
 * ranks, so that the first one that fits is the best.
 */
export class PathLists<R> {
  readonly #entries: Int32Array;
  /** By list: where its entries begin; the next one's beginning is where they end. */
  readonly #starts: Int32Array;
  readonly #pool: Uint8Array;
  readonly #rules: readonly Matched<R>[];
  /** By index of a rule, for entries that are regular expressions. */
  readonly #patterns: readonly (PatternMatcher | null)[];

  private constructor(
    entries: Int32Array,
    starts: Int32Array,
    pool: Uint8Array,
    rules: readonly Matched<R>[],
    patterns: readonly (PatternMatcher | null)[],
  ) {
    this.#entries = entries;
    this.#starts = starts;
    this.#pool = pool;
    this.#rules = rules;
    this.#patterns = patterns;
  }

  /** One list of entries for each host. */
  static *compile<R>(lists: readonly (readonly PathEntry<R>[])[]): Steps<PathLists<R>> {
    const numbers: number[] = [];
    const starts: number[] = [];
    const pieces: Buffer[] = [];
    const rules: Matched<R>[] = [];
    const patterns: (PatternMatcher | null)[] = [];
    let offset = 0;
    for (const list of lists) {
      yield;
      starts.push(numbers.length);
      for (const { path, matched } of [...list].sort(byRank)) {
        const literal = path === null || path.kind === 'regex' ? '' : path.value;
        const piece = Buffer.from(path?.ignoreCase === true ? literal.toLowerCase() : literal, 'latin1');
        numbers.push(kindOf({ path }), path?.ignoreCase === true ? 1 : 0, offset, piece.length, rules.length);
        pieces.push(piece);
        offset += piece.length;
        rules.push(matched);
        const isPattern = path !== null && path.kind === 'regex';
        patterns.push(isPattern ? new PatternMatcher(compilePattern(path.value, path.ignoreCase)) : null);
      }
    }
    starts.push(numbers.length);
    const entries = Int32Array.from(numbers);
    yield;
    const pool = new Uint8Array(Buffer.concat(pieces));
    return new PathLists(entries, Int32Array.from(starts), pool, rules, patterns);
  }

  /** As `PathIndex.find`, in one of the lists; slashes are not looked for. */
  find(
    list: number,
    request: RoutedRequest,
    start: number,
    end: number,
    below: number,
    byPriority: boolean,
    hit: PathHit<R>,
  ): boolean {
    const entries = this.#entries;
    const last = this.#starts[list + 1]!;
    let found = false;
    let foundKind = -1;
    let foundLength = -1;
    for (let at = this.#starts[list]!; at < last; at += STRIDE) {
      const kind = entries[at]!;
      const length = entries[at + 3]!;
      // Behind the best one, only what ranks the same can still win, by its priority.
      if (found && !byPriority && (kind !== foundKind || length !== foundLength)) break;
      if (!this.#fits(at, request.memory, start, end)) continue;
      const matched = this.#rules[entries[at + 4]!]!;
      if (matched.priority >= below || !holdsAll(matched.conditions, request)) continue;
      below = matched.priority;
      found = true;
      foundKind = kind;
      foundLength = length;
      hit.matched = matched;
      hit.slash = false;
      hit.length = length;
    }
    return found;
  }

  #fits(at: number, memory: Uint8Array, start: number, end: number): boolean {
    const entries = this.#entries;
    const length = entries[at + 3]!;
    switch (entries[at]) {
      case Kind.any:
        return true;
      case Kind.regex:
        return this.#patterns[entries[at + 4]!]!.test(memory, start, end);
      case Kind.exact:
        return end - start === length && this.#begins(at, memory, start);
      default:
        return end - start >= length && this.#begins(at, memory, start);
    }
  }

  #begins(at: number, memory: Uint8Array, start: number): boolean {
    const pool = this.#pool;
    const fold = this.#entries[at + 1] === 1 ? LOWER : AS_IS;
    const offset = this.#entries[at + 2]!;
    const length = this.#entries[at + 3]!;
    for (let i = 0; i < length; i++) if (fold[memory[start + i]!] !== pool[offset + i]) return false;
    return true;
  }
}

function kindOf({ path }: Pick<PathEntry<unknown>, 'path'>): number {
  return path === null ? Kind.any : Kind[path.kind];
}

/** Kinds in their order, longer paths first, then by priority. */
function byRank(a: PathEntry<unknown>, b: PathEntry<unknown>): number {
  return kindOf(a) - kindOf(b) || lengthOf(b) - lengthOf(a) || a.matched.priority - b.matched.priority;
}

function lengthOf({ path }: PathEntry<unknown>): number {
  return path === null || path.kind === 'regex' ? 0 : path.value.length;
}
