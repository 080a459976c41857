import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './address.ts';

/**
 * The canonical form of a CIDR block of either family: `10.0.0.0/8`, `2001:db8::/32`; of an address alone, the block of
 * that address. Null for anything else. Bits beyond the prefix are zeroed: see `isNetwork` for who must not have any.
 */
export function canonicalNetwork(text: string): string | null {
  const slash = text.indexOf('/');
  const base = slash < 0 ? text : text.slice(0, slash);
  const v4 = parseIPv4(base);
  const v6 = v4 === null ? parseIPv6(base) : null;
  if (v4 === null && v6 === null) return null;
  const width = v4 === null ? 128 : 32;
  const prefix = slash < 0 ? width : prefixOf(text.slice(slash + 1), width);
  if (prefix === null) return null;
  const first =
    v4 === null ? formatIPv6(v6!.map((group, i) => masked(group, prefix - 16 * i, 16))) : maskedIPv4(v4, prefix);
  return `${first}/${prefix}`;
}

/** Whether the text is an address or a CIDR block without bits beyond its prefix: 10.0.0.1/8 is most likely a mistake. */
export function isNetwork(text: string): boolean {
  const slash = text.indexOf('/');
  const whole = canonicalNetwork(text);
  if (whole === null || slash < 0) return whole !== null;
  const alone = canonicalNetwork(text.slice(0, slash))!;
  return whole.slice(0, whole.indexOf('/')) === alone.slice(0, alone.indexOf('/'));
}

function prefixOf(text: string, width: number): number | null {
  return /^(0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= width ? Number(text) : null;
}

function maskedIPv4(address: number, prefix: number): string {
  return formatIPv4(
    masked(Math.floor(address / 65_536), prefix, 16) * 65_536 + masked(address % 65_536, prefix - 16, 16),
  );
}

/** The highest `kept` of `width` bits; none when that is negative. */
function masked(bits: number, kept: number, width: number): number {
  if (kept >= width) return bits;
  if (kept <= 0) return 0;
  const cut = 2 ** (width - kept);
  return Math.floor(bits / cut) * cut;
}
