import type { IpAddress } from '../source-address/ip-address.ts';

/** Sources that have a bucket at a time, of all listeners of a node. The kernel's are in a table of the same kind. */
const SOURCES = 131_072;
/** Sources of which one makes room for another. */
const WAYS = 8;
const SETS = SOURCES / WAYS;
/** Milliseconds: what seems to be full again only later than this has been for so long that the clock has gone round. */
const LONGEST_REST = 2 ** 30;

const Word = {
  /** Who has the bucket; 0: nobody. */
  tag: 0,
  /** How many have been taken of it, on the clock on which `perSecond` become due each second. */
  taken: 1,
  /** The millisecond at which it is full again, and says nothing more than one that is not there. */
  restedAt: 2,
} as const;
const ENTRY = 3;
/** Words in front of the entries: what hashes begin with, so that nobody can tell which sources share a set. */
const SEEDS = 2;

/** Tokens of each source: so many become due in a second, and so many are kept. */
export interface SourceRate {
  readonly perSecond: number;
  readonly burst: number;
  /** Tells the buckets of this rate from those of others. */
  readonly key: number;
}

/** Memory of the table, for all workers of a node. */
export function newSourceMemory(random: () => number): Int32Array {
  const words = SEEDS + SOURCES * ENTRY;
  const memory = new Int32Array(new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT));
  for (let i = 0; i < SEEDS; i++) memory[i] = random() * 2 ** 32;
  return memory;
}

/**
 * Token buckets of sources: an IPv4 address, or the first 64 bits of an IPv6 one, since a subscriber has that many at
 * least. Of fixed size, in memory that all workers share, and without locks. Whoever is not in it has a full bucket, so
 * only those that have taken something lately need to be there.
 *
 * Where eight sources that hash alike all have something to answer for, the one whose bucket is full again first makes
 * room: those that are at their limit go last, and a flood of sources that each ask once pushes out others of its kind.
 *
 * In any t seconds a source has at most burst + perSecond * t tokens; one more for each worker that meets it for the first
 * time at the same moment as another.
 */
export class SourceTable {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Takes one token; false: the source has none left. `now`: milliseconds of a clock that all threads share. */
  take(rate: SourceRate, { family, v4, groups }: IpAddress, now: number): boolean {
    const high = family === 6 ? (groups[0]! << 16) | groups[1]! : 0;
    const low = family === 6 ? (groups[2]! << 16) | groups[3]! : v4;
    const words = this.#words;
    const set = hash(words[0]!, rate.key, family, high, low) & (SETS - 1);
    const tag = hash(words[1]!, rate.key, family, high, low) || 1;
    const first = SEEDS + set * WAYS * ENTRY;
    const due = Math.floor((now * rate.perSecond) / 1_000);
    const at = this.#find(first, tag);
    return this.#takeFrom(at < 0 ? this.#claim(first, tag, due, now) : at, rate, due, now);
  }

  #find(first: number, tag: number): number {
    for (let at = first; at < first + WAYS * ENTRY; at += ENTRY) {
      if (Atomics.load(this.#words, at + Word.tag) === tag) return at;
    }
    return -1;
  }

  /** Gives the source an entry. */
  #claim(first: number, tag: number, due: number, now: number): number {
    const words = this.#words;
    const at = this.#nearestToRest(first, now);
    const before = Atomics.load(words, at + Word.tag);
    if (Atomics.compareExchange(words, at + Word.tag, before, tag) === before)
      Atomics.store(words, at + Word.taken, due);
    // Another worker may have met the source too, or have been faster with the entry: the first in the set is the one.
    const found = this.#find(first, tag);
    if (found < 0) return at;
    if (found !== at) Atomics.compareExchange(words, at + Word.tag, tag, 0);
    return found;
  }

  #nearestToRest(first: number, now: number): number {
    let nearest = first;
    let least = Number.POSITIVE_INFINITY;
    for (let at = first; at < first + WAYS * ENTRY; at += ENTRY) {
      if (Atomics.load(this.#words, at + Word.tag) === 0) return at;
      const left = (Atomics.load(this.#words, at + Word.restedAt) - now) | 0;
      if (left > LONGEST_REST) return at;
      if (left >= least) continue;
      least = left;
      nearest = at;
    }
    return nearest;
  }

  #takeFrom(at: number, { perSecond, burst }: SourceRate, due: number, now: number): boolean {
    const words = this.#words;
    for (let taken = Atomics.load(words, at + Word.taken); ; ) {
      const ahead = (taken - due) | 0;
      // A second beyond the burst may be the clock of another worker; beyond that the number is too old to mean anything.
      if (ahead >= burst && ahead <= burst + perSecond) return false;
      const debt = ahead > 0 && ahead < burst ? ahead : 0;
      const found = Atomics.compareExchange(words, at + Word.taken, taken, (due + debt + 1) | 0);
      if (found === taken) {
        Atomics.store(words, at + Word.restedAt, Math.ceil(now + ((debt + 1) * 1_000) / perSecond) | 0);
        return true;
      }
      taken = found;
    }
  }
}

/** Each step maps 32 bits to 32 others one to one: two IPv4 addresses never have the same result for one key. */
function hash(seed: number, key: number, family: number, high: number, low: number): number {
  return mix(mix(mix(seed ^ key) ^ high ^ family) ^ low);
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
