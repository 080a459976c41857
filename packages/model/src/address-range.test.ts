import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressNumber, addressText, isIn, isWithin, networkRange, overlap, sizeOf } from './address-range.ts';

test('an address is a number and back', () => {
  for (const text of ['0.0.0.0', '10.0.0.1', '255.255.255.255', '::', '::1', '2001:db8::ffff', 'fd77:100::10']) {
    const { family, number } = addressNumber(text)!;
    assert.equal(addressText(family, number), text);
  }
  assert.equal(addressNumber('10.0.0.1')!.number, 0x0a000001n);
  assert.equal(addressNumber('::1:0')!.number, 0x10000n);
  assert.equal(addressNumber('10.0.0.1/8'), null);
});

test('a network is a range', () => {
  assert.deepEqual(networkRange('10.0.0.0/30'), { family: 4, first: 0x0a000000n, last: 0x0a000003n });
  assert.equal(sizeOf(networkRange('10.0.0.0/8')!), 1n << 24n);
  assert.equal(sizeOf(networkRange('fd00::/64')!), 1n << 64n);
  assert.equal(sizeOf(networkRange('::1')!), 1n);
  assert.equal(networkRange('web'), null);
});

test('ranges of one family are compared, and those of two have nothing in common', () => {
  const range = (text: string) => networkRange(text)!;
  assert.ok(isIn(range('10.0.0.0/30'), addressNumber('10.0.0.3')!));
  assert.ok(!isIn(range('10.0.0.0/30'), addressNumber('10.0.0.4')!));
  assert.ok(!isIn(range('0.0.0.0/0'), addressNumber('::1')!));
  assert.ok(isWithin(range('10.0.0.0/16'), range('10.0.255.0/24')));
  assert.ok(!isWithin(range('10.0.0.0/16'), range('10.0.0.0/15')));
  assert.ok(!isWithin(range('::/0'), range('10.0.0.0/8')));
  assert.ok(overlap(range('10.0.0.0/16'), range('10.0.0.0/15')));
  assert.ok(!overlap(range('10.0.0.0/24'), range('10.0.1.0/24')));
  assert.ok(!overlap(range('::/0'), range('0.0.0.0/0')));
});
