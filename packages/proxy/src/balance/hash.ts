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

function scramble(word: number): number {
  word = Math.imul(word, 0xcc9e2d51);
  word = (word << 15) | (word >>> 17);
  return Math.imul(word, 0x1b873593);
}

/** Every bit of the result depends on every bit of `hash`. Returns 0 … 2^32 − 1. */
function finish(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
