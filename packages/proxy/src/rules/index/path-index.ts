import type { PlannedPath } from '@evenkeel/model/plan/rules.ts';
import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import type { RoutedRequest } from '../condition/condition.ts';
import { type Bucket, firstOf, holdsAll, type Matched } from '../rule.ts';
import type { Steps } from '../steps.ts';
import { AS_IS, EMPTY_HASH, hashByte, hashForward, LOWER } from './byte-hash.ts';
import { type ByteKey, ByteTable } from './byte-table.ts';

/** Spaces of the table: paths as they are, and in lower case. */
const EXACT = 0;
const PREFIX = 1;
const IGNORING_CASE = 2;

const SLASH = 47;

/** One entry of the paths of a rule; `path` null: any. */
export interface PathEntry<R> {
  readonly path: PlannedPath | null;
  readonly matched: Matched<R>;
}

/** How a request's path came to a rule; filled in by `PathIndex.find`. */
export class PathHit<R> {
  matched: Matched<R> | null = null;
  /** Bytes of the path that the entry named: all of them for an exact one, 0 for regular expressions and any. */
  length = 0;
  /** The path is only a slash short of the prefix: the client is to ask again. */
  slash = false;
}

interface PathExpression<R> {
  readonly matcher: PatternMatcher;
  readonly matched: Matched<R>;
}

interface FoundKey<R> {
  readonly key: ByteKey;
  readonly bucket: Matched<R>[];
}

/**
 * Finds the rules of one host for a path: exact first, then the longest prefix, then regular expressions by priority,
 * then rules without a path. One pass over the path, one look-up for each length that a prefix of this
 * host has, however many rules there are, plus what the regular expressions cost.
 */
export class PathIndex<R> {
  readonly #table: ByteTable;
  readonly #buckets: readonly Bucket<R>[];
  readonly #plain: PathLengths;
  readonly #folded: PathLengths;
  readonly #patterns: readonly PathExpression<R>[];
  readonly #any: Bucket<R>;
  /** Per length of the request's path: bucket of the prefix with it; filled in and used within one call. */
  readonly #hits: { length: number; bucket: Bucket<R> }[] = [];

  private constructor(
    table: ByteTable,
    keys: readonly FoundKey<R>[],
    patterns: readonly PathExpression<R>[],
    any: Bucket<R>,
  ) {
    this.#table = table;
    this.#buckets = keys.map(({ bucket }) => bucket);
    this.#plain = lengthsOf(keys.map(({ key }) => key).filter(({ space }) => (space & IGNORING_CASE) === 0));
    this.#folded = lengthsOf(keys.map(({ key }) => key).filter(({ space }) => (space & IGNORING_CASE) !== 0));
    this.#patterns = patterns;
    this.#any = any;
  }

  static *compile<R>(entries: readonly PathEntry<R>[]): Steps<PathIndex<R>> {
    const sorted = [...entries].sort((a, b) => a.matched.priority - b.matched.priority);
    const keys = new Map<string, FoundKey<R>>();
    const patterns: PathExpression<R>[] = [];
    const any: Matched<R>[] = [];
    for (const { path, matched } of sorted) {
      yield;
      if (path === null) any.push(matched);
      else if (path.kind === 'regex') {
        patterns.push({ matcher: new PatternMatcher(compilePattern(path.value, path.ignoreCase)), matched });
      } else addTo(keys, path, matched);
    }
    const all = [...keys.values()];
    const table = yield* ByteTable.compile(all.map(({ key }) => key));
    return new PathIndex(table, all, patterns, any);
  }

  /**
   * The best rule for memory[start, end), whose conditions hold and whose priority is smaller than `below`. With
   * `slashes`, a path that lacks only the final slash of a prefix is found for it, behind prefixes of its own length.
   * With `byPriority`, the smallest priority wins instead of the best path. False: there is none, `hit` is as it was.
   */
  find(
    request: RoutedRequest,
    start: number,
    end: number,
    below: number,
    byPriority: boolean,
    slashes: boolean,
    hit: PathHit<R>,
  ): boolean {
    const length = end - start;
    this.#hits.length = 0;
    const plainExact = this.#look(this.#plain, 0, AS_IS, request.memory, start, end);
    const foldedExact = this.#look(this.#folded, IGNORING_CASE, LOWER, request.memory, start, end);
    let found = false;
    for (const bucket of [plainExact, foldedExact]) {
      if (bucket === null) continue;
      const matched = firstOf(bucket, request, below);
      if (matched === null) continue;
      below = matched.priority;
      found = take(hit, matched, length, false);
    }
    if (found && !byPriority) return true;
    if (this.#hits.length > 1) this.#hits.sort((a, b) => b.length - a.length);
    let slash = slashes && !found;
    let foundLength = -1;
    for (const { length: prefix, bucket } of this.#hits) {
      // Two of one length are the same prefix in two spellings: the smaller priority wins.
      if (found && !byPriority && prefix !== foundLength) return true;
      if (slash && prefix < length) {
        if (this.#findSlash(request, start, end, below, hit)) return true;
        slash = false;
      }
      const matched = firstOf(bucket, request, below);
      if (matched === null) continue;
      below = matched.priority;
      foundLength = prefix;
      slash = false;
      found = take(hit, matched, prefix, false);
    }
    if (slash && this.#findSlash(request, start, end, below, hit)) return true;
    if (found && !byPriority) return true;
    for (const { matcher, matched } of this.#patterns) {
      if (matched.priority >= below) break;
      if (!holdsAll(matched.conditions, request) || !matcher.test(request.memory, start, end)) continue;
      below = matched.priority;
      found = take(hit, matched, 0, false);
      break;
    }
    if (found && !byPriority) return true;
    const matched = firstOf(this.#any, request, below);
    return matched === null ? found : take(hit, matched, 0, false);
  }

  /** Adds the prefixes that the path has to `#hits`; returns the bucket of the whole path, or null. */
  #look(
    { exact, prefixes, longest }: PathLengths,
    space: number,
    fold: Uint8Array,
    memory: Uint8Array,
    start: number,
    end: number,
  ): Bucket<R> | null {
    if (longest < 0) return null;
    const table = this.#table;
    let hash = EMPTY_HASH;
    let next = 0;
    const last = exact ? end : Math.min(end, start + longest);
    for (let at = start; at < last; at++) {
      hash = hashByte(hash, fold[memory[at]!]!);
      if (prefixes[next] !== at + 1 - start) continue;
      next++;
      const found = table.find(space | PREFIX, hash, memory, start, at + 1, fold);
      if (found >= 0) this.#hits.push({ length: at + 1 - start, bucket: this.#buckets[found]! });
    }
    if (!exact) return null;
    const found = table.find(space | EXACT, hash, memory, start, end, fold);
    return found < 0 ? null : this.#buckets[found]!;
  }

  /** The rule of a prefix that is the path and a slash. */
  #findSlash(request: RoutedRequest, start: number, end: number, below: number, hit: PathHit<R>): boolean {
    const length = end - start + 1;
    const plain = this.#plain.prefixes.includes(length);
    const folded = this.#folded.prefixes.includes(length);
    if (!plain && !folded) return false;
    const path = new Uint8Array(length);
    path.set(request.memory.subarray(start, end));
    path[length - 1] = SLASH;
    for (const [space, fold] of [
      [PREFIX, AS_IS],
      [PREFIX | IGNORING_CASE, LOWER],
    ] as const) {
      const found = this.#table.find(space, hashForward(path, 0, length, fold), path, 0, length, fold);
      const matched = found < 0 ? null : firstOf(this.#buckets[found]!, request, below);
      if (matched !== null) return take(hit, matched, length - 1, true);
    }
    return false;
  }
}

/** What lengths the keys of one spelling have. */
interface PathLengths {
  /** Whether there are exact paths. */
  readonly exact: boolean;
  /** Lengths of prefixes, in rising order. */
  readonly prefixes: readonly number[];
  /** Bytes that have to be looked at for prefixes; -1: there are no keys. */
  readonly longest: number;
}

function lengthsOf(keys: readonly ByteKey[]): PathLengths {
  const prefixes = keys.filter(({ space }) => (space & PREFIX) !== 0).map(({ bytes }) => bytes.length);
  const distinct = [...new Set(prefixes)].sort((a, b) => a - b);
  return {
    exact: keys.length > prefixes.length,
    prefixes: distinct,
    longest: keys.length === 0 ? -1 : (distinct.at(-1) ?? 0),
  };
}

function addTo<R>(keys: Map<string, FoundKey<R>>, { kind, value, ignoreCase }: PlannedPath, matched: Matched<R>): void {
  const space = (kind === 'prefix' ? PREFIX : EXACT) | (ignoreCase ? IGNORING_CASE : 0);
  const fold = ignoreCase ? LOWER : AS_IS;
  const bytes = Uint8Array.from(Buffer.from(value, 'latin1'), (byte) => fold[byte]!);
  const name = `${space} ${Buffer.from(bytes).toString('latin1')}`;
  const known = keys.get(name);
  if (known !== undefined) {
    if (known.bucket.at(-1) !== matched) known.bucket.push(matched);
    return;
  }
  const key = { space, hash: hashForward(bytes, 0, bytes.length, AS_IS), bytes, value: keys.size };
  keys.set(name, { key, bucket: [matched] });
}

function take<R>(hit: PathHit<R>, matched: Matched<R>, length: number, slash: boolean): true {
  hit.matched = matched;
  hit.length = length;
  hit.slash = slash;
  return true;
}
