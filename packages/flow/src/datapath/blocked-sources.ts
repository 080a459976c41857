import { hash } from 'node:crypto';
import type { KernelMap } from '../loader/kernel-map.ts';
import { numberKey } from './layout.ts';

const KEY_BYTES = 28;
const LIST_BYTES = 8;
/** Where IPv4 begins in IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = 0xffff;
const IPV4_BITS = 96;
const ALL_IPV4 = new Uint32Array(1);
const NO_END = 0xffff_ffff;
/** Latest end that is one: what lasts longer lasts until the machine starts anew, and is then put in again. */
const LAST = NO_END - 1;

/** What stands for the block list of a name in the kernel: two names with the same are as good as impossible. */
export function listKey(name: string): Buffer {
  return Buffer.from(hash('sha256', name, 'hex').slice(0, 2 * LIST_BYTES), 'hex');
}

/** Who may not open flows, by list. The longest prefix decides, so its end has to be that of all that contain it. */
export class BlockedSources {
  readonly #map: KernelMap;

  constructor(map: KernelMap) {
    this.#map = map;
  }

  /** `seconds`: how long from now; null: for ever. `words`: 1 of IPv4, or 4. */
  set(list: Buffer, words: Uint32Array, length: number, seconds: number | null): void {
    // All of IPv4 is part of short IPv6 prefixes as the trie sees them, and of none as anybody else does.
    if (words.length === 4 && length < IPV4_BITS) this.#map.add(keyOf(list, ALL_IPV4, 0), numberKey(0));
    const now = Number(process.hrtime.bigint() / 1_000_000_000n);
    this.#map.set(keyOf(list, words, length), numberKey(seconds === null ? NO_END : Math.min(now + seconds, LAST)));
  }

  /** What is kept for the sake of IPv6 prefixes says nothing from then on. */
  delete(list: Buffer, words: Uint32Array, length: number): boolean {
    const key = keyOf(list, words, length);
    if (words.length === 4 || length > 0) return this.#map.delete(key);
    const isThere = this.#map.get(key) !== null;
    if (isThere) this.#map.set(key, numberKey(0));
    return isThere;
  }

  /** Everything that is there. `words` is another array each time. */
  *entries(): Generator<{ readonly list: Buffer; readonly words: Uint32Array; readonly length: number }> {
    for (const key of this.#map.keys()) yield { list: key.subarray(4, 4 + LIST_BYTES), ...networkIn(key) };
  }
}

function keyOf(list: Buffer, words: Uint32Array, length: number): Buffer {
  const bytes = Buffer.alloc(KEY_BYTES);
  const isV4 = words.length === 1;
  bytes.writeUInt32LE(8 * LIST_BYTES + length + (isV4 ? 96 : 0), 0);
  list.copy(bytes, 4);
  if (isV4) bytes.writeUInt32BE(MAPPED, 20);
  for (let i = 0; i < words.length; i++) bytes.writeUInt32BE(words[i]!, KEY_BYTES - 4 * words.length + 4 * i);
  return bytes;
}

function networkIn(key: Buffer): { words: Uint32Array; length: number } {
  const length = key.readUInt32LE(0) - 8 * LIST_BYTES;
  const words = Uint32Array.from({ length: 4 }, (_, i) => key.readUInt32BE(12 + 4 * i));
  const isV4 = length >= 96 && words[0] === 0 && words[1] === 0 && words[2] === MAPPED;
  return isV4 ? { words: words.slice(3), length: length - 96 } : { words, length };
}
