/** Castagnoli's polynomial, reflected (RFC 9260 appendix A). */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum;
});

/** The checksum of bytes[start, end), with the four bytes from `hole` on taken for zeros; -1 for no hole. */
export function crc32c(bytes: Uint8Array, start: number, end: number, hole: number): number {
  let sum = 0xffffffff;
  for (let at = start; at < end; at++) {
    const byte = hole >= 0 && at >= hole && at < hole + 4 ? 0 : bytes[at]!;
    sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 255]!;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
