import { canonicalAddress, formatIPv4 } from '@evenkeel/model/address.ts';

/** Characters of the longest form: IPv6 with an IPv4 tail. */
const LONGEST = 45;
/** A text as bytes, for the length of one call. */
const letters = new Uint8Array(LONGEST);

const DOT = 46;
const COLON = 58;
const ZERO = 48;

/**
 * One IP address as numbers, filled again and again so that reading one allocates nothing. IPv4 within IPv6
 * (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is IPv4: the same host, whichever socket it came by.
 */
export class IpAddress {
  /** 4, 6, or 0 for none. */
  family: 0 | 4 | 6 = 0;
  /** An IPv4 address as unsigned 32 bits. */
  v4 = 0;
  /** The eight groups of an IPv6 address. */
  readonly groups = new Uint16Array(8);

  /** Reads bytes[start, end) as an address without brackets, zone or port. False: it is none, and `family` is 0. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    this.family = 0;
    if (end - start < 2 || end - start > LONGEST) return false;
    let at = start;
    while (at < end && bytes[at] !== COLON) at++;
    if (at < end) return this.#parseV6(bytes, start, end);
    const v4 = parseV4(bytes, start, end);
    if (v4 < 0) return false;
    this.family = 4;
    this.v4 = v4;
    return true;
  }

  parseText(text: string): boolean {
    if (text.length > LONGEST) {
      this.family = 0;
      return false;
    }
    // What is not ASCII is no address, whichever byte it becomes.
    for (let i = 0; i < text.length; i++) letters[i] = Math.min(text.charCodeAt(i), 0xff);
    return this.parse(letters, 0, text.length);
  }

  /** Takes an address as it is in packets: 4 or 16 bytes. */
  take(bytes: Uint8Array, start: number, size: 4 | 16): void {
    if (size === 4) {
      this.family = 4;
      this.v4 =
        ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!) >>> 0;
      return;
    }
    for (let i = 0; i < 8; i++) this.groups[i] = (bytes[start + 2 * i]! << 8) | bytes[start + 2 * i + 1]!;
    this.#settleV6();
  }

  /** Writes 4 bytes of IPv4, or 16 of IPv6, in which an IPv4 address is mapped. */
  put(bytes: Uint8Array, start: number, size: 4 | 16): void {
    let at = start;
    if (size === 16 && this.family === 6) {
      for (const group of this.groups) {
        bytes[at++] = group >> 8;
        bytes[at++] = group & 255;
      }
      return;
    }
    if (size === 16) {
      bytes.fill(0, at, at + 10);
      bytes.fill(0xff, at + 10, at + 12);
      at += 12;
    }
    for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = (this.v4 >>> shift) & 255;
  }

  equals(other: IpAddress): boolean {
    if (this.family !== other.family) return false;
    if (this.family !== 6) return this.family === 0 || this.v4 === other.v4;
    for (let i = 0; i < 8; i++) if (this.groups[i] !== other.groups[i]) return false;
    return true;
  }

  copy(other: IpAddress): void {
    this.family = other.family;
    this.v4 = other.v4;
    this.groups.set(other.groups);
  }

  /** The canonical text (RFC 5952); empty without an address. */
  toString(): string {
    if (this.family === 0) return '';
    if (this.family === 4) return formatIPv4(this.v4);
    return canonicalAddress(Array.from(this.groups, (group) => group.toString(16)).join(':')) ?? '';
  }

  #parseV6(bytes: Uint8Array, start: number, end: number): boolean {
    const groups = this.groups;
    let count = 0;
    /** Groups in front of `::`; -1 without one. */
    let gap = -1;
    let at = start;
    if (bytes[at] === COLON) {
      if (bytes[at + 1] !== COLON) return false;
      gap = 0;
      at += 2;
    }
    while (at < end) {
      if (count === 8) return false;
      let value = 0;
      const first = at;
      for (; at < end && at - first < 5; at++) {
        const digit = hexDigit(bytes[at]!);
        if (digit < 0) break;
        value = value * 16 + digit;
      }
      if (at < end && bytes[at] === DOT) {
        const v4 = parseV4(bytes, first, end);
        if (v4 < 0 || count > 6) return false;
        groups[count++] = v4 >>> 16;
        groups[count++] = v4 & 0xffff;
        at = end;
        break;
      }
      if (at === first || at - first > 4) return false;
      groups[count++] = value;
      if (at === end) break;
      if (bytes[at] !== COLON) return false;
      at++;
      if (at === end) return false;
      if (bytes[at] !== COLON) continue;
      if (gap >= 0) return false;
      gap = count;
      at++;
    }
    if (gap < 0 ? count !== 8 : count > 7) return false;
    if (gap >= 0) {
      const moved = count - gap;
      groups.copyWithin(8 - moved, gap, count);
      groups.fill(0, gap, 8 - moved);
    }
    this.#settleV6();
    return true;
  }

  #settleV6(): void {
    const groups = this.groups;
    for (let i = 0; i < 5; i++) {
      if (groups[i] !== 0) {
        this.family = 6;
        return;
      }
    }
    if (groups[5] === 0xffff) {
      this.family = 4;
      this.v4 = ((groups[6]! << 16) | groups[7]!) >>> 0;
    } else this.family = 6;
  }
}

/** The address as an unsigned 32-bit number; -1 when it is none, leading zeros included. */
function parseV4(bytes: Uint8Array, start: number, end: number): number {
  let address = 0;
  let at = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[at++] !== DOT) return -1;
    const first = at;
    let value = 0;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9 && at - first < 3) {
      value = value * 10 + bytes[at]! - ZERO;
      at++;
    }
    if (at === first || value > 255 || (at - first > 1 && bytes[first] === ZERO)) return -1;
    address = address * 256 + value;
  }
  return at === end ? address : -1;
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= ZERO + 9) return byte - ZERO;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
