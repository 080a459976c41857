import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { canonicalAddress, formatIPv4, isHostAddress, isOfLink, parseIPv4, parseNetwork } from './address.ts';

const CANONICAL: readonly [string, string | null][] = [
  ['127.0.0.1', '127.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['127.0.0.01', null],
  ['127.0.0', null],
  ['127.0.0.256', null],
  ['1.2.3.4.5', null],
  ['', null],
  ['localhost', null],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['1:2:3:4:5:6:7:8:9', null],
  ['1:2:3:4:5:6:7', null],
  [':1:2:3:4:5:6:7:8', null],
  ['1::2::3', null],
  ['10.0.0.1::1', null],
  ['::1%lo', null],
  ['12345::', null],
  ['fe80:::1', null],
];

for (const [text, expected] of CANONICAL) {
  test(`canonical form of "${text}"`, () => {
    assert.equal(canonicalAddress(text), expected);
    assert.equal(isIP(text.replace(/%.*/, '%')) !== 0, expected !== null, "agrees with the platform's parser");
    if (expected !== null) assert.equal(canonicalAddress(expected), expected);
  });
}

test('IPv4 as a number and back', () => {
  for (const text of ['0.0.0.0', '127.77.0.1', '255.255.255.255']) assert.equal(formatIPv4(parseIPv4(text)!), text);
});

test('networks', () => {
  assert.deepEqual(parseNetwork('127.77.0.0/16'), { first: parseIPv4('127.77.0.0'), size: 65_536 });
  assert.deepEqual(parseNetwork('10.0.0.1/32'), { first: parseIPv4('10.0.0.1'), size: 1 });
  for (const text of ['127.77.0.1/16', '127.77.0.0/33', '127.77.0.0', '127.77.0.0/16/1', 'x/8', '::/8']) {
    assert.equal(parseNetwork(text), null, text);
  }
});

test('which addresses a target can have', () => {
  for (const text of ['10.0.0.1', '127.0.0.1', '8.8.8.8', '::1', 'fd00::1']) assert.ok(isHostAddress(text), text);
  for (const text of ['0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', 'x']) {
    assert.ok(!isHostAddress(text), text);
  }
});

test('addresses of a link are those of fe80::/10', () => {
  for (const address of ['fe80::1', 'FE80::1', 'fe9a::', 'febf:ffff::1'])
    assert.equal(isOfLink(address), true, address);
  for (const address of ['fec0::1', 'fe7f::1', 'fe8::1', '::1', '192.0.2.1', '']) {
    assert.equal(isOfLink(address), false, address);
  }
});
