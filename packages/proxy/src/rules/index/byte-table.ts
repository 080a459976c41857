import type { Steps } from '../steps.ts';
import { finishHash } from './byte-hash.ts';

/** A key to be found: bytes (folded already), their hash, and the space that they are a key of. */
export interface ByteKey {
  readonly space: number;
  readonly hash: number;
  readonly bytes: Uint8Array;
  /** 0 … 2^31 − 1. */
  readonly value: number;
}

/** Numbers per key in `#keys`: hash, space, offset in the pool, length, value. */
const STRIDE = 5;

/**
 * Keys made of bytes, looked up where they lie in memory. Immutable; open addressing with at most half of the slots in
 * use, so that a look-up costs the same for ten keys and for ten thousand.
 */
export class ByteTable {
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #keys: Int32Array;
  readonly #pool: Uint8Array;

  private constructor(slots: Int32Array, keys: Int32Array, pool: Uint8Array) {
    this.#mask = slots.length - 1;
    this.#slots = slots;
    this.#keys = keys;
    this.#pool = pool;
  }

  /** No two keys of one space are equal. */
  static *compile(keys: readonly ByteKey[]): Steps<ByteTable> {
    let size = 8;
    while (size < keys.length * 2) size *= 2;
    const mask = size - 1;
    const slots = new Int32Array(size).fill(-1);
    const rows = new Int32Array(keys.length * STRIDE);
    const pool = new Uint8Array(keys.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let offset = 0;
    for (const [index, { space, hash, bytes, value }] of keys.entries()) {
      const finished = finishHash(hash, space);
      rows.set([finished, space, offset, bytes.length, value], index * STRIDE);
      pool.set(bytes, offset);
      offset += bytes.length;
      let slot = finished & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index * STRIDE;
      yield;
    }
    return new ByteTable(slots, rows, pool);
  }

  /** The value of the key memory[start, end) as `fold` has it, whose hash is `hash`; -1 when there is none. */
  find(space: number, hash: number, memory: Uint8Array, start: number, end: number, fold: Uint8Array): number {
    const keys = this.#keys;
    const finished = finishHash(hash, space);
    for (let slot = finished & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const key = this.#slots[slot]!;
      if (key < 0) return -1;
      if (keys[key] !== finished || keys[key + 1] !== space || keys[key + 3] !== end - start) continue;
      if (this.#isAt(keys[key + 2]!, memory, start, end, fold)) return keys[key + 4]!;
    }
  }

  #isAt(offset: number, memory: Uint8Array, start: number, end: number, fold: Uint8Array): boolean {
    const pool = this.#pool;
    for (let at = start; at < end; at++, offset++) if (fold[memory[at]!] !== pool[offset]) return false;
    return true;
  }
}
