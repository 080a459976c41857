import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from './packet.ts';

// Added up by hand, so that the builder is not its own judge.
test('an empty datagram over IPv4, byte by byte', () => {
  const bytes = packet().ip('10.0.0.1', '10.0.0.2').udp(7, 9).bytes();
  assert.equal(bytes.toString('hex'), '4500001c00004000401126cf0a0000010a000002000700090008ebcb');
});

test('checksums of IPv6 contain the pseudo header', () => {
  const bytes = packet().ip('2001:db8::1', '2001:db8::2').icmp(128, 0, 0x00010001).bytes();
  const words = [...Array(bytes.length / 2).keys()].map((index) => bytes.readUInt16BE(2 * index));
  // Addresses and message, with length and next header of the pseudo header, add up to all ones.
  const sum = words.slice(4).reduce((total, word) => total + word, 8 + 58);
  assert.equal(((sum & 0xffff) + (sum >>> 16)) & 0xffff, 0xffff);
});
