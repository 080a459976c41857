/** The Internet checksum (RFC 1071) over some pieces of memory, each of which begins at an even offset. */
export function internetChecksum(...pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i += 2) sum += (piece[i]! << 8) | (piece[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The pseudo header of RFC 793 or RFC 8200, section 8.1: addresses of 4 or 16 bytes. */
export function pseudoHeader(source: Buffer, destination: Buffer, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(length, 0);
  tail[7] = protocol;
  return Buffer.concat([source, destination, tail]);
}
