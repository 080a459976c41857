/**
 * What a table lies in, plain arrays that threads may share. A slot that has a length is taken for good: until the table
 * is made anew, nothing moves, so that whoever only reads needs no lock.
 */
export interface PrefixTableMemory {
  /** Makes hashes differ from table to table, so that nobody can choose addresses that meet in them. */
  readonly seed: number;
  /** Of a key, 32 bits each: 1 for IPv4, 4 for IPv6. */
  readonly words: 1 | 4;
  readonly keys: Uint32Array;
  /** By slot: 0, or the length of the prefix plus 1. */
  readonly lengths: Uint8Array;
  /** By slot: seconds since 1970 until which the prefix is in the table; `GONE`, or `FOR_EVER`. */
  readonly until: Uint32Array;
  /** Bits by length: those of which the table has, or had, a prefix. */
  readonly present: Uint32Array;
}

export const GONE = 1;
export const FOR_EVER = 0xffff_ffff;
/** Share of the slots that may be taken. */
const MOST_TAKEN = 0.7;
const SMALLEST = 64;

/** Prefixes of one family, by prefix, in a hash with open addressing: 9 bytes a slot for IPv4 and 21 for IPv6. */
export class PrefixTable {
  readonly memory: PrefixTableMemory;
  readonly #capacity: number;
  readonly #scratch: Uint32Array;
  #taken = 0;

  constructor(memory: PrefixTableMemory) {
    this.memory = memory;
    this.#capacity = memory.lengths.length;
    this.#scratch = new Uint32Array(memory.words);
  }

  /** An empty table with room for so many prefixes, in memory that threads share or not. */
  static withRoom(words: 1 | 4, prefixes: number, seed: number, isShared: boolean): PrefixTable {
    let capacity = SMALLEST;
    while (capacity * MOST_TAKEN < prefixes) capacity *= 2;
    const bytes = (length: number) => (isShared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
    return new PrefixTable({
      seed,
      words,
      keys: new Uint32Array(bytes(4 * words * capacity)),
      lengths: new Uint8Array(bytes(capacity)),
      until: new Uint32Array(bytes(4 * capacity)),
      present: new Uint32Array(bytes(4 * 5)),
    });
  }

  get slots(): number {
    return this.#capacity;
  }

  /** Whether so many more prefixes have room, if all are new; else the table has to be made anew. */
  hasRoomFor(more: number): boolean {
    return this.#taken + more <= Math.ceil(this.#capacity * MOST_TAKEN);
  }

  /** The slot of a prefix, -1 when it is not there. `key` has no bits beyond `length`. */
  find(key: Uint32Array, length: number): number {
    const slot = this.#probe(key, length);
    return this.memory.lengths[slot] === 0 ? -1 : slot;
  }

  /** Puts a prefix in, or gives it another time; returns its slot. There has to be room. */
  put(key: Uint32Array, length: number, until: number): number {
    const { words, keys, lengths, present } = this.memory;
    const slot = this.#probe(key, length);
    if (lengths[slot] === 0) {
      for (let i = 0; i < words; i++) keys[slot * words + i] = key[i]!;
      // In this order for whoever reads meanwhile: a slot counts once it has a length.
      Atomics.store(this.memory.until, slot, until);
      Atomics.store(lengths, slot, length + 1);
      Atomics.or(present, length >> 5, 1 << (length & 31));
      this.#taken++;
    } else Atomics.store(this.memory.until, slot, until);
    return slot;
  }

  /** The slot of the longest prefix that an address is in and whose time is not over at `now`; -1: it is in none. */
  covering(address: Uint32Array, now: number): number {
    const { words, present, until } = this.memory;
    const masked = this.#scratch;
    for (let length = 32 * words; length >= 0; length--) {
      if ((present[length >> 5]! & (1 << (length & 31))) === 0) continue;
      mask(address, length, masked);
      const slot = this.find(masked, length);
      if (slot >= 0 && until[slot]! > now) return slot;
    }
    return -1;
  }

  /** Prefixes whose time is not over at `now`. */
  count(now: number): number {
    const { until } = this.memory;
    let count = 0;
    for (let slot = 0; slot < until.length; slot++) if (until[slot]! > now) count++;
    return count;
  }

  /** Of those, the ones that are of more than one address. */
  countNetworks(now: number): number {
    const { until, lengths, words } = this.memory;
    let count = 0;
    for (let slot = 0; slot < until.length; slot++) if (until[slot]! > now && lengths[slot]! <= 32 * words) count++;
    return count;
  }

  /** Whether there is, or was, a prefix of more than one address. */
  get hasNetworks(): boolean {
    const { words, present } = this.memory;
    return present.some((bits, i) => i < words && bits !== 0);
  }

  /** The latest end of the prefixes that contain this one, itself included; 0: there is none. */
  latest(key: Uint32Array, longest: number): number {
    const { present, until } = this.memory;
    const masked = this.#scratch;
    let latest = 0;
    for (let length = longest; length >= 0; length--) {
      if ((present[length >> 5]! & (1 << (length & 31))) === 0) continue;
      mask(key, length, masked);
      const slot = this.find(masked, length);
      if (slot >= 0) latest = Math.max(latest, until[slot]!);
    }
    return latest;
  }

  /** Reads the key in a slot into `key`; returns its length, -1 when the slot is free. */
  read(slot: number, key: Uint32Array): number {
    const { words, keys, lengths } = this.memory;
    for (let i = 0; i < words; i++) key[i] = keys[slot * words + i]!;
    return lengths[slot]! - 1;
  }

  #probe(key: Uint32Array, length: number): number {
    const { words, keys, lengths } = this.memory;
    const last = this.#capacity - 1;
    for (let slot = this.#hash(key, length) & last; ; slot = (slot + 1) & last) {
      const found = lengths[slot]!;
      if (found === 0) return slot;
      if (found !== length + 1) continue;
      let i = 0;
      while (i < words && keys[slot * words + i] === key[i]) i++;
      if (i === words) return slot;
    }
  }

  /** The finishing steps of MurmurHash3 for each word. */
  #hash(key: Uint32Array, length: number): number {
    let hash = this.memory.seed ^ length;
    for (let i = 0; i < this.memory.words; i++) {
      hash ^= key[i]!;
      hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
      hash ^= hash >>> 16;
    }
    return hash;
  }
}

/** The first `length` bits of an address. */
export function mask(address: Uint32Array, length: number, out: Uint32Array): void {
  for (let i = 0; i < out.length; i++) {
    const kept = length - 32 * i;
    out[i] = kept >= 32 ? address[i]! : kept <= 0 ? 0 : address[i]! & (-1 << (32 - kept));
  }
}
