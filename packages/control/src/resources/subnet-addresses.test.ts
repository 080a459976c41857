import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressNumber } from '@evenkeel/model/address-range.ts';
import { AddressCounts } from './address-counts.ts';
import { freeAddresses, nextFree, roomOf, usageOf } from './subnet-addresses.ts';

const SMALL = { cidr: '10.0.0.0/29', gateway: '10.0.0.1', reserved: ['10.0.0.6/32'] };

test('the first, the last, the gateway and what is reserved are never given', () => {
  const room = roomOf(SMALL);
  assert.deepEqual([...freeAddresses(room, new Set(), null)], ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
  assert.deepEqual(usageOf(room, new AddressCounts(['10.0.0.3', '10.0.0.1', '10.1.0.2', '::3'])), {
    total: 8,
    reserved: 4,
    used: 1,
    free: 3,
  });
});

test('the search goes on after the last one, and begins anew', () => {
  const room = roomOf(SMALL);
  const after = (text: string, ...used: string[]) => nextFree(room, new Set(used), addressNumber(text)!.number);
  assert.equal(after('10.0.0.2'), '10.0.0.3');
  assert.equal(after('10.0.0.5'), '10.0.0.2');
  assert.equal(after('10.0.0.7', '10.0.0.2'), '10.0.0.3');
  assert.equal(after('192.0.2.1', '10.0.0.2', '10.0.0.3'), '10.0.0.4', 'a last one of another network');
  assert.equal(after('10.0.0.2', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'), null);
});

test('of IPv6, the last address can be given, and the first cannot', () => {
  const room = roomOf({ cidr: 'fd00::/126', gateway: null, reserved: [] });
  assert.deepEqual([...freeAddresses(room, new Set(), null)], ['fd00::1', 'fd00::2', 'fd00::3']);
  assert.equal(nextFree(room, new Set(), addressNumber('fd00::3')!.number), 'fd00::1');
});

test('a large subnet costs as many steps as it has addresses in use, also when all the rest is reserved', () => {
  const used = new Set(Array.from({ length: 5_000 }, (_, i) => `10.0.${Math.floor(i / 256)}.${i % 256}`));
  const reserved = ['10.128.0.0/9', '10.64.0.0/10', '10.32.0.0/11', '10.16.0.0/12', '10.8.0.0/13', '10.4.0.0/14'];
  const room = roomOf({ cidr: '10.0.0.0/8', gateway: '10.0.0.1', reserved });
  assert.equal(nextFree(room, used, 0n), '10.0.19.136');
  const rest = ['10.2.0.0/15', '10.1.0.0/16', '10.0.128.0/17', '10.0.64.0/18', '10.0.32.0/19', '10.0.19.136/29'];
  const more = ['10.0.19.144/28', '10.0.19.160/27', '10.0.19.192/26', '10.0.20.0/22', '10.0.24.0/21'];
  const full = roomOf({ cidr: '10.0.0.0/8', gateway: '10.0.0.1', reserved: [...reserved, ...rest, ...more] });
  assert.equal(nextFree(full, used, 0n), null);
  assert.equal(usageOf(full, new AddressCounts(used)).free, 0);
});

test('counts beyond what numbers can tell are told as the most that they can', () => {
  const { total, free } = usageOf(roomOf({ cidr: 'fd00::/64', gateway: null, reserved: [] }), new AddressCounts([]));
  assert.deepEqual([total, free], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
});

test('127.0.0.1 is what everything else on a machine uses', () => {
  const room = roomOf({ cidr: '127.0.0.0/29', gateway: null, reserved: [] });
  assert.equal([...freeAddresses(room, new Set(), null)][0], '127.0.0.2');
});
