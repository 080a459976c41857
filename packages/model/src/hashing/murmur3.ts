/**
 * MurmurHash3 (x86, 32 bit) over the UTF-16 code units of `text`, two units a round. Equal on every machine, so that all
 * nodes of a plan compute the same tables. Not for keys that an attacker may choose freely: it can be inverted.
 */
export function hashText(text: string, seed: number): number {
  let hash = seed | 0;
  const pairs = text.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    hash ^= scramble(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (pairs < text.length) hash ^= scramble(text.charCodeAt(pairs));
  return finish(hash ^ text.length);
}

/** The same function over memory[start, end), as MurmurHash3 has it: four bytes a round. */
export function hashBytes(memory: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash ^= scramble(memory[at]! | (memory[at + 1]! << 8) | (memory[at + 2]! << 16) | (memory[at + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at++, shift += 8) rest |= memory[at]! << shift;
  return finish(hash ^ scramble(rest) ^ (end - start));
}

function scramble(word: number): number {
  word = Math.imul(word, 0xcc9e2d51);
  word = (word << 15) | (word >>> 17);
  return Math.imul(word, 0x1b873593);
}

/** A number that looks drawn at random, and is the same for the same `number`. 0 … 2^32 − 1. */
export function mixed(number: number): number {
  return finish(Math.imul(number, 0x9e3779b1) ^ 0x85eb_ca77);
}

/** Every bit of the result depends on every bit of `hash`. Returns 0 … 2^32 − 1. */
function finish(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
