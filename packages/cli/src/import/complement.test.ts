import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complementOf } from './complement.ts';

test('everything but a block of IPv4 is the other halves, and all of IPv6', () => {
  assert.deepEqual(complementOf(['128.0.0.0/1']), ['0.0.0.0/1', '::/0']);
  assert.deepEqual(complementOf(['10.0.0.0/8']), [
    '0.0.0.0/5',
    '8.0.0.0/7',
    '11.0.0.0/8',
    '12.0.0.0/6',
    '16.0.0.0/4',
    '32.0.0.0/3',
    '64.0.0.0/2',
    '128.0.0.0/1',
    '::/0',
  ]);
});

test('blocks within others change nothing', () => {
  assert.deepEqual(complementOf(['10.0.0.0/8', '10.1.0.0/16']), complementOf(['10.0.0.0/8']));
});

test('both families at once', () => {
  const blocks = complementOf(['10.0.0.0/8', 'fc00::/7']);
  assert.equal(blocks.length, 8 + 7);
  assert.ok(blocks.includes('fe00::/7'));
});

test('nothing is outside of everything', () => {
  assert.deepEqual(complementOf(['0.0.0.0/0', '::/0']), []);
});
