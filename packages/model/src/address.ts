/** IP addresses as text, in one form each, without the help of a platform: consoles use this too. */

/**
 * The canonical form: dotted decimal for IPv4, RFC 5952 for IPv6 (lower case, longest run of zeros as `::`).
 * Null for anything else: leading zeros, zones (`%eth0`), prefixes and names included.
 */
export function canonicalAddress(text: string): string | null {
  if (parseIPv4(text) !== null) return text;
  const groups = parseIPv6(text);
  return groups && formatIPv6(groups);
}

export function isAddress(text: string): boolean {
  return canonicalAddress(text) !== null;
}

const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** The address as an unsigned 32-bit number. */
export function parseIPv4(text: string): number | null {
  let address = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  // Every new connection to a target comes through here: no pieces of text are made.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return null;
      address = address * 256 + part;
      part = 0;
      digits = 0;
    } else {
      // A leading zero would be octal to some.
      if (code < ZERO || code > NINE || (digits > 0 && part === 0)) return null;
      part = part * 10 + code - ZERO;
      if (part > 255) return null;
      digits++;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + part : null;
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Whether a target can have the address: a single host, no multicast, broadcast, reserved or unspecified address. */
export function isHostAddress(text: string): boolean {
  const v4 = parseIPv4(text);
  if (v4 !== null) return v4 >= 0x01000000 && v4 < 0xe0000000;
  const v6 = parseIPv6(text);
  if (v6 === null) return false;
  return v6.some((group) => group !== 0) && (v6[0]! & 0xff00) !== 0xff00;
}

/** An IPv4 network in CIDR notation, as its first address and its number of addresses. */
export function parseNetwork(text: string): { first: number; size: number } | null {
  const [base, prefix, ...rest] = text.split('/');
  if (base === undefined || prefix === undefined || rest.length > 0 || !/^([0-9]|[12][0-9]|3[0-2])$/.test(prefix)) {
    return null;
  }
  const first = parseIPv4(base);
  const size = 2 ** (32 - Number(prefix));
  return first === null || first % size !== 0 ? null : { first, size };
}

/** The eight 16-bit groups (RFC 4291 §2.2). */
export function parseIPv6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseIPv4(part);
      if (v4 === null) return null;
      groups.push(Math.floor(v4 / 65_536), v4 % 65_536);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** Whether an IPv6 address is one of a link: fe80::/10 (RFC 4291, section 2.5.6). */
export function isOfLink(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

export function formatIPv6(groups: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start === -1) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
