import assert from 'node:assert/strict';
import { test } from 'node:test';
import { network, network6 } from './addresses.ts';

test('networks that addresses are given out of', () => {
  assert.equal(network('10.0.0.0/24').size, 256);
  assert.equal(network6('2001:DB8:0:0::/64'), '2001:db8::/64');
  for (const wrong of ['10.0.0.0/31', 'fd77::/64', 'x']) assert.throws(() => network(wrong), RangeError);
  for (const wrong of ['10.0.0.0/24', 'fd77::1/64', '::/0', '::1/128', 'x', 'fd77::/129']) {
    assert.throws(() => network6(wrong), RangeError);
  }
});
