import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalNetwork, isNetwork } from './network.ts';

for (const [text, canonical] of [
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['192.168.128.0/17', '192.168.128.0/17'],
  ['2001:DB8:0::/32', '2001:db8::/32'],
  ['::1', '::1/128'],
  ['::/0', '::/0'],
  ['fe80::/10', 'fe80::/10'],
] as const) {
  test(`${text} is ${canonical}`, () => {
    assert.equal(canonicalNetwork(text), canonical);
    assert.ok(isNetwork(text));
    assert.equal(canonicalNetwork(canonical), canonical);
  });
}

for (const [text, block] of [
  ['10.0.0.1/8', '10.0.0.0/8'],
  ['192.168.1.130/25', '192.168.1.128/25'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['2001:db8::1/32', '2001:db8::/32'],
  ['ffff:ffff::/17', 'ffff:8000::/17'],
] as const) {
  test(`${text} has bits beyond its prefix, and lies in ${block}`, () => {
    assert.equal(canonicalNetwork(text), block);
    assert.equal(isNetwork(text), false);
  });
}

for (const text of [
  '',
  '/',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0/-1',
  '10.0.0/8',
  '::/129',
  'x/8',
  '10.0.0.0/8/8',
  ':::/8',
  '10.0.0.0/8 ',
]) {
  test(`${JSON.stringify(text)} is no network`, () => {
    assert.equal(canonicalNetwork(text), null);
    assert.equal(isNetwork(text), false);
  });
}
