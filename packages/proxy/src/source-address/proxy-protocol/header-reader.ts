import { IpAddress } from '../ip-address.ts';
import { crc32c } from './crc32c.ts';
import { Command, Family, Tlv, V1_MOST, V2_FIXED, V2_MOST, V2_SIGNATURE } from './format.ts';

/** What `read` answers beside a length. */
export const INCOMPLETE = 0;
export const MALFORMED = -1;

const CR = 13;
const LF = 10;
const SP = 32;
const ZERO = 48;

const V1_PREFIX = Buffer.from('PROXY ');
const V1_TCP4 = Buffer.from('TCP4 ');
const V1_TCP6 = Buffer.from('TCP6 ');
const V1_UNKNOWN = Buffer.from('UNKNOWN');

/** Reads the PROXY header that a connection begins with, strictly: what is not by the letter is malformed. */
export class ProxyHeaderReader {
  /** The header names both ends; without that (LOCAL, UNKNOWN) the connection's own ends count. */
  announced = false;
  readonly source = new IpAddress();
  sourcePort = 0;
  readonly destination = new IpAddress();
  destinationPort = 0;

  /** The length in bytes of the header that bytes[start, end) begins with; `INCOMPLETE`, or `MALFORMED`. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.announced = false;
    if (start === end) return INCOMPLETE;
    if (bytes[start] === V2_SIGNATURE[0]) return this.#readV2(bytes, start, end);
    return this.#readV1(bytes, start, end);
  }

  // --- version 1: PROXY TCP4 192.0.2.7 192.0.2.1 40123 80 CRLF --------------------------------------------------------

  #readV1(bytes: Uint8Array, start: number, end: number): number {
    const prefix = matches(bytes, start, end, V1_PREFIX);
    if (prefix <= 0) return prefix;
    const lineEnd = lineEndOf(bytes, start, Math.min(end, start + V1_MOST));
    if (lineEnd < 0) return end - start < V1_MOST ? INCOMPLETE : MALFORMED;
    if (bytes[lineEnd - 1] !== CR) return MALFORMED;
    return this.#readLine(bytes, start + V1_PREFIX.length, lineEnd - 1) ? lineEnd + 1 - start : MALFORMED;
  }

  /** What stands between the prefix and CRLF. */
  #readLine(bytes: Uint8Array, start: number, end: number): boolean {
    if (matches(bytes, start, end, V1_UNKNOWN) > 0) {
      // What follows is passed over, whatever it is.
      const next = start + V1_UNKNOWN.length;
      return next === end || bytes[next] === SP;
    }
    const family = matches(bytes, start, end, V1_TCP4) > 0 ? 4 : matches(bytes, start, end, V1_TCP6) > 0 ? 6 : 0;
    if (family === 0) return false;
    const source = start + V1_TCP4.length;
    const destination = wordEnd(bytes, source, end) + 1;
    const sourcePort = wordEnd(bytes, destination, end) + 1;
    const destinationPort = wordEnd(bytes, sourcePort, end) + 1;
    if (destinationPort >= end) return false;
    if (!readAddress(this.source, family, bytes, source, destination - 1)) return false;
    if (!readAddress(this.destination, family, bytes, destination, sourcePort - 1)) return false;
    this.sourcePort = readPort(bytes, sourcePort, destinationPort - 1);
    this.destinationPort = readPort(bytes, destinationPort, end);
    this.announced = this.sourcePort >= 0 && this.destinationPort >= 0;
    return this.announced;
  }

  // --- version 2 ------------------------------------------------------------------------------------------------------

  #readV2(bytes: Uint8Array, start: number, end: number): number {
    const signature = matches(bytes, start, end, V2_SIGNATURE);
    if (signature <= 0) return signature;
    const command = bytes[start + 12]!;
    if (end - start > 12 && command !== Command.local && command !== Command.proxy) return MALFORMED;
    if (end - start < V2_FIXED) return INCOMPLETE;
    const length = V2_FIXED + ((bytes[start + 14]! << 8) | bytes[start + 15]!);
    if (length > V2_MOST) return MALFORMED;
    if (end - start < length) return INCOMPLETE;
    return this.#readEnds(bytes, start, start + length, command) ? length : MALFORMED;
  }

  #readEnds(bytes: Uint8Array, start: number, end: number, command: number): boolean {
    // A proxy's own connection, a health check say: whatever else it says is passed over.
    if (command === Command.local) return true;
    const family = bytes[start + 13]!;
    const addresses = start + V2_FIXED;
    switch (family) {
      case Family.unspecified:
        return true;
      case Family.unixStream:
        return end - addresses >= 216 && checkTlvs(bytes, start, addresses + 216, end);
      case Family.tcp4:
      case Family.tcp6: {
        const size = family === Family.tcp4 ? 4 : 16;
        const ports = addresses + 2 * size;
        if (end < ports + 4 || !checkTlvs(bytes, start, ports + 4, end)) return false;
        this.source.take(bytes, addresses, size);
        this.destination.take(bytes, addresses + size, size);
        this.sourcePort = (bytes[ports]! << 8) | bytes[ports + 1]!;
        this.destinationPort = (bytes[ports + 2]! << 8) | bytes[ports + 3]!;
        this.announced = true;
        return true;
      }
      default:
        return false;
    }
  }
}

/** The TLVs bytes[at, end) fill their place exactly, and a checksum, where there is one, is right. */
function checkTlvs(bytes: Uint8Array, start: number, at: number, end: number): boolean {
  let checked = false;
  while (at < end) {
    if (end - at < 3) return false;
    const value = at + 3;
    const next = value + ((bytes[at + 1]! << 8) | bytes[at + 2]!);
    if (next > end) return false;
    if (bytes[at] === Tlv.crc32c) {
      if (checked || next - value !== 4) return false;
      checked = true;
      const told =
        ((bytes[value]! << 24) | (bytes[value + 1]! << 16) | (bytes[value + 2]! << 8) | bytes[value + 3]!) >>> 0;
      if (told !== crc32c(bytes, start, end, value)) return false;
    }
    at = next;
  }
  return true;
}

/** 1: bytes[start, end) begins with `expected`; `INCOMPLETE`: it may yet; `MALFORMED`: it does not. */
function matches(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): number {
  const available = Math.min(expected.length, end - start);
  for (let i = 0; i < available; i++) if (bytes[start + i] !== expected[i]) return MALFORMED;
  return available === expected.length ? 1 : INCOMPLETE;
}

/** Looks no further than `end`: behind it lies all of the arena. */
function lineEndOf(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === LF) return at;
  return -1;
}

function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== SP) at++;
  return at;
}

function readAddress(into: IpAddress, family: 4 | 6, bytes: Uint8Array, start: number, end: number): boolean {
  if (!into.parse(bytes, start, end)) return false;
  // TCP6 may carry a mapped address, which is IPv4 to `IpAddress`; TCP4 has no colons.
  return (family === 6) === bytes.subarray(start, end).includes(58);
}

/** 0 … 65535 without leading zeros; -1 for anything else. */
function readPort(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 5 || (bytes[start] === ZERO && end - start > 1)) return -1;
  let port = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port <= 0xffff ? port : -1;
}
