import { FIELD_VALUE, TARGET } from './characters.ts';

/**
 * Finds the first byte that does not belong, four bytes at a time: most of a head is values, and most values are plain.
 * The test for "some byte of the word is less than n" is ((x - n…n) & ~x & 0x80…80) != 0 for n <= 128; a word with a
 * byte in doubt is looked at byte by byte, so that the tables alone decide.
 */

const HIGH_BITS = 0x80808080 | 0;
const DELETES = 0x7f7f7f7f;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const BANGS = 0x21212121;
const HASHES = 0x23232323;

/** The same memory as 32-bit words; null when it does not begin on a word, and bytes have to do. */
export function wordsOf(memory: Uint8Array): Int32Array | null {
  if (memory.byteOffset % 4 !== 0) return null;
  return new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2);
}

/** The same memory, for words that begin anywhere. */
function viewOf(memory: Uint8Array): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
}

/** Remembers the words of the memory that it was asked for last: usually the one arena of a worker. */
export class WordView {
  #memory: Uint8Array | null = null;
  #words: Int32Array | null = null;
  /** Of the memory that `of` was asked for last. */
  view = viewOf(new Uint8Array(0));

  of(memory: Uint8Array): Int32Array | null {
    if (memory !== this.#memory) {
      this.#memory = memory;
      this.#words = wordsOf(memory);
      this.view = viewOf(memory);
    }
    return this.#words;
  }
}

/** Offset of the first byte in memory[at, end) that is not of a field value; `end` when all are. */
export function skipFieldValue(memory: Uint8Array, words: Int32Array | null, at: number, end: number): number {
  if (words !== null && end - at >= 8) {
    while ((at & 3) !== 0 && FIELD_VALUE[memory[at]!] === 1) at++;
    if ((at & 3) === 0) {
      let word = at >> 2;
      const last = end >> 2;
      while (word < last) {
        const x = words[word]!;
        const d = x ^ DELETES;
        if (((((x - SPACES) & ~x) | ((d - ONES) & ~d)) & HIGH_BITS) !== 0) break;
        word++;
      }
      at = word << 2;
    }
  }
  while (at < end && FIELD_VALUE[memory[at]!] === 1) at++;
  return at;
}

/** Offset of the first byte in memory[at, end) that is not of a request target; `end` when all are. */
export function skipTarget(memory: Uint8Array, words: Int32Array | null, at: number, end: number): number {
  if (words !== null && end - at >= 8) {
    while ((at & 3) !== 0 && TARGET[memory[at]!] === 1) at++;
    if ((at & 3) === 0) {
      let word = at >> 2;
      const last = end >> 2;
      while (word < last) {
        const x = words[word]!;
        const d = x ^ DELETES;
        const h = x ^ HASHES;
        if (((((x - BANGS) & ~x) | x | ((d - ONES) & ~d) | ((h - ONES) & ~h)) & HIGH_BITS) !== 0) break;
        word++;
      }
      at = word << 2;
    }
  }
  while (at < end && TARGET[memory[at]!] === 1) at++;
  return at;
}
