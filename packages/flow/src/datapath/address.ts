import { parseIPv4, parseIPv6 } from '@evenkeel/model/address.ts';

/** An address as the kernel's maps have it: 16 bytes, IPv4 mapped into IPv6 (RFC 4291, section 2.5.5.2). */
export function addressBytes(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  const v4 = parseIPv4(text);
  if (v4 !== null) {
    bytes.writeUInt16BE(0xffff, 10);
    bytes.writeUInt32BE(v4, 12);
    return bytes;
  }
  const groups = parseIPv6(text);
  if (groups === null) throw new RangeError(`not an IP address: ${text}`);
  groups.forEach((group, index) => {
    bytes.writeUInt16BE(group, 2 * index);
  });
  return bytes;
}

export function isMappedIPv4(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** Six bytes of "02:00:00:00:00:01". */
export function macBytes(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`not a MAC address: ${text}`);
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** The reading of what the maps have. */
export function addressText(bytes: Buffer): string {
  if (isMappedIPv4(bytes)) return [...bytes.subarray(12)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');
  // The longest run of zeros, shortened (RFC 5952, section 4.2).
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([text]) => text);
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  return longest === undefined
    ? groups
    : groups.replace(longest, groups.endsWith(longest) ? '::' : ':').replace(/^:(?!:)/, '::');
}

export function macText(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
