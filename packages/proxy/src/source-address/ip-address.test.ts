import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';
import { canonicalAddress } from '@evenkeel/model/address.ts';
import { Random } from '../reactor/simulated/random.ts';
import { CidrSet } from './cidr-set.ts';
import { IpAddress } from './ip-address.ts';

function read(text: string): string {
  const address = new IpAddress();
  return address.parseText(text) ? `${address.family} ${address}` : '';
}

function ip(text: string): IpAddress {
  const address = new IpAddress();
  assert.ok(address.parseText(text), text);
  return address;
}

describe('IpAddress', () => {
  test('reads both families, in every form of IPv6', () => {
    for (const [text, expected] of [
      ['0.0.0.0', '4 0.0.0.0'],
      ['255.255.255.255', '4 255.255.255.255'],
      ['192.0.2.7', '4 192.0.2.7'],
      ['::', '6 ::'],
      ['::1', '6 ::1'],
      ['1::', '6 1::'],
      ['2001:DB8::7', '6 2001:db8::7'],
      ['1:2:3:4:5:6:7:8', '6 1:2:3:4:5:6:7:8'],
      ['1:2:3:4:5:6:7::', '6 1:2:3:4:5:6:7:0'],
      ['64:ff9b::192.0.2.1', '6 64:ff9b::c000:201'],
      ['::ffff:192.0.2.1', '4 192.0.2.1'],
      ['::FFFF:c000:201', '4 192.0.2.1'],
    ] as const) {
      assert.equal(read(text), expected, text);
    }
  });

  test('refuses what is none', () => {
    for (const text of [
      '',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '256.0.0.1',
      '1.2.3.4 ',
      ' 1.2.3.4',
      '1.2.3.',
      '.1.2.3',
      '1..2.3',
      '0x1.2.3.4',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '12345::',
      '::g',
      '1:',
      ':1',
      'fe80::1%eth0',
      '[::1]',
      '::1.2.3',
      '1:2:3:4:5:6:7:1.2.3.4',
      '1.2.3.4::',
      'unknown',
      '\u0661.2.3.4',
    ]) {
      assert.equal(read(text), '', text);
    }
  });

  test('agrees with Node and with the model on mutated texts', () => {
    const random = new Random(5);
    const seeds = ['192.0.2.7', '::ffff:1.2.3.4', '2001:db8::7', '1:2:3:4:5:6:7:8', 'fe80::'];
    for (let n = 0; n < 20_000; n++) {
      const text = [...random.pick(seeds)];
      for (let changes = random.between(0, 3); changes > 0; changes--) {
        const at = random.below(text.length + 1);
        text.splice(at, random.below(2), random.pick([...'0123456789abcdefg.::']));
      }
      const whole = text.join('');
      const canonical = canonicalAddress(whole);
      assert.equal(read(whole) !== '', isIP(whole) !== 0, whole);
      if (canonical === null || canonical.startsWith('::ffff:')) continue;
      assert.equal(read(whole).slice(2), canonical);
    }
  });

  test('goes to packets and back, IPv4 mapped where 16 bytes are wanted', () => {
    const bytes = new Uint8Array(20);
    for (const [text, size] of [
      ['192.0.2.7', 4],
      ['192.0.2.7', 16],
      ['2001:db8::7', 16],
    ] as const) {
      ip(text).put(bytes, 2, size);
      const back = new IpAddress();
      back.take(bytes, 2, size);
      assert.ok(back.equals(ip(text)), text);
    }
    assert.ok(!ip('192.0.2.7').equals(ip('192.0.2.8')));
    assert.ok(!ip('192.0.2.7').equals(ip('2001:db8::7')));
  });
});

describe('CidrSet', () => {
  test('has what is in one of its blocks, at both ends', () => {
    const set = new CidrSet([
      '10.0.0.0/8',
      '192.0.2.4/30',
      '203.0.113.9',
      '2001:db8::/33',
      'fd00::1',
      '::ffff:172.16.0.0/108',
    ]);
    for (const [text, inside] of [
      ['9.255.255.255', false],
      ['10.0.0.0', true],
      ['10.255.255.255', true],
      ['11.0.0.0', false],
      ['192.0.2.3', false],
      ['192.0.2.4', true],
      ['192.0.2.7', true],
      ['192.0.2.8', false],
      ['203.0.113.9', true],
      ['203.0.113.10', false],
      ['172.31.255.255', true],
      ['172.32.0.0', false],
      ['::ffff:10.1.2.3', true],
      ['2001:db7:ffff:ffff::', false],
      ['2001:db8::', true],
      ['2001:db8:7fff:ffff:ffff:ffff:ffff:ffff', true],
      ['2001:db8:8000::', false],
      ['fd00::1', true],
      ['fd00::2', false],
    ] as const) {
      assert.equal(set.has(ip(text)), inside, text);
    }
    assert.ok(!set.has(new IpAddress()));
  });

  test('everything, nothing, and blocks within blocks', () => {
    assert.ok(new CidrSet(['0.0.0.0/0']).has(ip('255.255.255.255')));
    assert.ok(new CidrSet(['::/0']).has(ip('ffff::')));
    assert.ok(!new CidrSet(['::/0']).has(ip('192.0.2.1')));
    assert.ok(!new CidrSet([]).has(ip('192.0.2.1')));
    assert.equal(new CidrSet(['10.0.0.0/8', '10.1.0.0/16', '11.0.0.0/8', 'fd00::/8', 'fd00::/16']).size, 2);
  });

  test('agrees with a look at every block', () => {
    const random = new Random(9);
    const blocks = Array.from({ length: 100 }, () => [random.below(2 ** 32), random.between(4, 32)] as const);
    const text = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
    const set = new CidrSet(blocks.map(([address, prefix]) => `${text(address)}/${prefix}`));
    for (let n = 0; n < 5_000; n++) {
      const [near] = random.pick(blocks);
      const address = random.chance(0.5)
        ? random.below(2 ** 32)
        : (near ^ random.below(2 ** random.between(1, 31))) >>> 0;
      const expected = blocks.some(
        ([base, prefix]) => Math.floor(base / 2 ** (32 - prefix)) === Math.floor(address / 2 ** (32 - prefix)),
      );
      assert.equal(set.has(ip(text(address))), expected, text(address));
    }
  });

  test('throws for what is no block', () => {
    for (const block of ['x', '10.0.0.0/33', '10.0.0.0/-1', '::/129', '10.0.0.0/1.5']) {
      assert.throws(() => new CidrSet([block]), RangeError, block);
    }
  });
});
