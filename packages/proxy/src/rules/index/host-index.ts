import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import type { Steps } from '../steps.ts';
import { EMPTY_HASH, hashBackward, hashByte, hashForward, LOWER } from './byte-hash.ts';
import { type ByteKey, ByteTable } from './byte-table.ts';

/** Spaces of the table. */
const EXACT = 0;
/** `*.x`, under x. */
const PREFIX_WILDCARD = 1;
/** `x.*`, under x. */
const SUFFIX_WILDCARD = 2;

const DOT = 46;

/** Longest host name (RFC 1035 section 2.3.4, with room for what is no DNS name). */
export const MAX_HOST = 255;

/** A host that rules name; `host` null: any. Groups are numbered by their place in the list. */
export interface HostPattern {
  readonly kind: 'exact' | 'prefix-wildcard' | 'suffix-wildcard' | 'regex' | 'any';
  /** Lower case; as in `PlannedHost`. */
  readonly value: string;
}

interface HostExpression {
  readonly group: number;
  readonly matcher: PatternMatcher;
}

/**
 * Finds which of the hosts that rules name are meant by a request, the best first: exact, then the longest `*.x`, then
 * the longest `x.*`, then regular expressions in their order, then any. Wildcards stand for one label
 * or more. Costs as much as the host is long, however many hosts there are, plus what the regular expressions cost.
 */
export class HostIndex {
  /** After `find`: groups, the best first, `count` of them. */
  readonly found: Int32Array;
  count = 0;
  readonly #table: ByteTable;
  readonly #prefixWildcards: boolean;
  readonly #suffixWildcards: boolean;
  readonly #patterns: readonly HostExpression[];
  readonly #any: number;

  private constructor(table: ByteTable, spaces: ReadonlySet<number>, patterns: readonly HostExpression[], any: number) {
    this.#table = table;
    this.#prefixWildcards = spaces.has(PREFIX_WILDCARD);
    this.#suffixWildcards = spaces.has(SUFFIX_WILDCARD);
    this.#patterns = patterns;
    this.#any = any;
    this.found = new Int32Array(1 + 2 * MAX_HOST + patterns.length + 1);
  }

  /** Regular expressions are tried in the order of the list. */
  static *compile(hosts: readonly HostPattern[]): Steps<HostIndex> {
    const keys: ByteKey[] = [];
    const patterns: HostExpression[] = [];
    let any = -1;
    for (const [group, { kind, value }] of hosts.entries()) {
      yield;
      const bytes = Buffer.from(value, 'latin1');
      const { length } = bytes;
      switch (kind) {
        case 'exact':
          keys.push({ space: EXACT, hash: hashBackward(bytes, 0, length, LOWER), bytes, value: group });
          break;
        case 'prefix-wildcard':
          keys.push({ space: PREFIX_WILDCARD, hash: hashBackward(bytes, 0, length, LOWER), bytes, value: group });
          break;
        case 'suffix-wildcard':
          keys.push({ space: SUFFIX_WILDCARD, hash: hashForward(bytes, 0, length, LOWER), bytes, value: group });
          break;
        case 'regex':
          patterns.push({ group, matcher: new PatternMatcher(compilePattern(value, true)) });
          break;
        case 'any':
          any = group;
          break;
      }
    }
    const spaces = new Set(keys.map(({ space }) => space));
    return new HostIndex(yield* ByteTable.compile(keys), spaces, patterns, any);
  }

  /** Looks up the host memory[start, end), without port and final dot. An empty or overlong one is no name at all. */
  find(memory: Uint8Array, start: number, end: number): void {
    this.count = 0;
    if (end > start && end - start <= MAX_HOST) this.#findName(memory, start, end);
    if (this.#any >= 0) this.found[this.count++] = this.#any;
  }

  #findName(memory: Uint8Array, start: number, end: number): void {
    const table = this.#table;
    const wildcards = this.#prefixWildcards;
    // Room for the exact one, which is known last.
    const first = this.count + 1;
    let last = first;
    let hash = EMPTY_HASH;
    for (let at = end - 1; at >= start; at--) {
      if (wildcards && memory[at] === DOT && at > start) {
        const group = table.find(PREFIX_WILDCARD, hash, memory, at + 1, end, LOWER);
        if (group >= 0) this.found[last++] = group;
      }
      hash = hashByte(hash, LOWER[memory[at]!]!);
    }
    const exact = table.find(EXACT, hash, memory, start, end, LOWER);
    if (exact >= 0) this.found[this.count++] = exact;
    this.#takeBackwards(first, last);
    if (this.#suffixWildcards) this.#findSuffixWildcards(memory, start, end);
    for (const { group, matcher } of this.#patterns) {
      if (matcher.test(memory, start, end)) this.found[this.count++] = group;
    }
  }

  #findSuffixWildcards(memory: Uint8Array, start: number, end: number): void {
    const first = this.count;
    let last = first;
    let hash = EMPTY_HASH;
    for (let at = start; at < end - 1; at++) {
      if (memory[at] === DOT) {
        const group = this.#table.find(SUFFIX_WILDCARD, hash, memory, start, at, LOWER);
        if (group >= 0) this.found[last++] = group;
      }
      hash = hashByte(hash, LOWER[memory[at]!]!);
    }
    this.#takeBackwards(first, last);
  }

  /** found[first, last) come shortest first and go behind what there is, longest first. */
  #takeBackwards(first: number, last: number): void {
    const found = this.found;
    for (let one = first, other = last - 1; one < other; one++, other--) {
      const group = found[one]!;
      found[one] = found[other]!;
      found[other] = group;
    }
    for (let from = first; from < last; from++) found[this.count++] = found[from]!;
  }
}
