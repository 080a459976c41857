import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../address.ts';
import { mask } from './prefix-table.ts';

/** A block of addresses as tables have it. */
export interface NetworkKey {
  readonly family: 4 | 6;
  /** 1 or 4 words of 32 bits, without bits beyond the prefix. */
  readonly key: Uint32Array;
  readonly length: number;
}

/** IPv4 within IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = 0xffff;

/** Reads a CIDR block or an address; null for what is neither. IPv4 mapped into IPv6 is IPv4. */
export function networkKey(text: string): NetworkKey | null {
  const slash = text.indexOf('/');
  const base = slash < 0 ? text : text.slice(0, slash);
  const words = wordsOf(base);
  if (words === null) return null;
  const width = 32 * words.length;
  const mapped = words.length === 1 && base.includes(':') ? 96 : 0;
  const suffix = text.slice(slash + 1);
  if (slash >= 0 && !/^(0|[1-9][0-9]{0,2})$/.test(suffix)) return null;
  const length = slash < 0 ? width : Number(suffix) - mapped;
  if (length < 0 || length > width) return null;
  const key = new Uint32Array(words.length);
  mask(words, length, key);
  return { family: words.length === 1 ? 4 : 6, key, length };
}

function wordsOf(text: string): Uint32Array | null {
  const v4 = parseIPv4(text);
  if (v4 !== null) return Uint32Array.of(v4);
  const groups = parseIPv6(text);
  if (groups === null) return null;
  const words = Uint32Array.from({ length: 4 }, (_, i) => groups[2 * i]! * 65_536 + groups[2 * i + 1]!);
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED ? words.slice(3) : words;
}

/** The canonical text. */
export function networkText({ family, key, length }: NetworkKey): string {
  if (family === 4) return `${formatIPv4(key[0]!)}/${length}`;
  return `${formatIPv6([...key].flatMap((word) => [word >>> 16, word & 0xffff]))}/${length}`;
}
