import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './address.ts';
import { canonicalNetwork } from './network.ts';

/** Addresses as numbers, for what is asked of ranges of them. */

export type Family = 4 | 6;

export interface AddressNumber {
  readonly family: Family;
  readonly number: bigint;
}

/** Addresses of one family that follow each other; both ends are among them. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** The number of an address; null when the text is none. */
export function addressNumber(text: string): AddressNumber | null {
  const v4 = parseIPv4(text);
  if (v4 !== null) return { family: 4, number: BigInt(v4) };
  const groups = parseIPv6(text);
  if (groups === null) return null;
  return { family: 6, number: groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n) };
}

/** The address in its canonical form. */
export function addressText(family: Family, number: bigint): string {
  if (family === 4) return formatIPv4(Number(number));
  const groups = Array.from({ length: 8 }, (_, i) => Number((number >> BigInt(16 * (7 - i))) & 0xffffn));
  return formatIPv6(groups);
}

/** The addresses of a CIDR block; of an address alone, that one. Null when the text is neither. */
export function networkRange(text: string): AddressRange | null {
  const network = canonicalNetwork(text);
  if (network === null) return null;
  const slash = network.indexOf('/');
  const { family, number: first } = addressNumber(network.slice(0, slash))!;
  const hosts = BigInt((family === 4 ? 32 : 128) - Number(network.slice(slash + 1)));
  return { family, first, last: first + (1n << hosts) - 1n };
}

export function isIn(range: AddressRange, { family, number }: AddressNumber): boolean {
  return range.family === family && number >= range.first && number <= range.last;
}

/** Whether all of `inner` is in `outer`. */
export function isWithin(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function sizeOf({ first, last }: AddressRange): bigint {
  return last - first + 1n;
}
