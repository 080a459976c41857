/** By byte: itself. */
export const AS_IS = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** By byte: the lower-case letter of an ASCII letter, itself otherwise. */
export const LOWER = AS_IS.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

/** Hash of no bytes. */
export const EMPTY_HASH = 0x811c9dc5 | 0;

/** The hash of bytes with one more at its end (FNV-1a): texts that share a beginning are hashed in one pass. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Spreads a hash over all bits, differently in each space of keys. */
export function finishHash(hash: number, space: number): number {
  hash = Math.imul(hash ^ Math.imul(space, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Hash from the first byte to the last one; `fold` is `AS_IS` or `LOWER`. */
export function hashForward(memory: Uint8Array, start: number, end: number, fold: Uint8Array): number {
  let hash = EMPTY_HASH;
  for (let at = start; at < end; at++) hash = hashByte(hash, fold[memory[at]!]!);
  return hash;
}

/** Hash from the last byte to the first one. */
export function hashBackward(memory: Uint8Array, start: number, end: number, fold: Uint8Array): number {
  let hash = EMPTY_HASH;
  for (let at = end - 1; at >= start; at--) hash = hashByte(hash, fold[memory[at]!]!);
  return hash;
}
