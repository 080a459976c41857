import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { objectPath, PROGRAMS } from '../build/compile.ts';
import { LoadedObject } from '../loader/object.ts';
import { addressBytes, macBytes } from './address.ts';
import { endpointBytes, numberKey, OUTCOMES, rangeBytes, SIZES, targetBytes } from './layout.ts';

/**
 * Of the verifier, some microseconds each; the kernel allows a million. There is room for more than the programs need, but
 * not for what multiplies the ways through them.
 */
const MOST_STEPS = 100_000;

suite('layouts of the maps', () => {
  for (const program of PROGRAMS) {
    test(`${program}: every map of the kernel has the sizes of ours, and the verifier is soon done`, {
      skip: requiresKernelDatapath(),
    }, () => {
      using object = LoadedObject.load(objectPath(program), { mapSizes: { exceptions: 1024 } });
      const sizes = object.mapNames.map((name) => {
        const { keySize, valueSize } = object.map(name).shape;
        return [name, { key: keySize, value: valueSize }] as const;
      });
      assert.deepEqual(Object.fromEntries(sizes), SIZES);
      assert.equal(object.map('outcomes').shape.maxEntries, OUTCOMES.length);
      const about = readFileSync(`/proc/self/fdinfo/${object.program(`balance_${program}`)}`, 'utf8');
      const steps = Number(/^verified_insns:\s+(\d+)/m.exec(about)?.[1]);
      assert.ok(steps < MOST_STEPS, `the verifier took ${steps} steps: what is new in the program multiplies its ways`);
    });
  }

  test('addresses, IPv4 mapped', () => {
    assert.equal(addressBytes('192.0.2.1').toString('hex'), '00000000000000000000ffffc0000201');
    assert.equal(addressBytes('2001:db8::7').toString('hex'), '20010db8000000000000000000000007');
    assert.throws(() => addressBytes('192.0.2.256'), /not an IP address: 192\.0\.2\.256/);
    assert.throws(() => addressBytes('fe80::1%eth0'), RangeError);
    assert.throws(() => macBytes('02:00:00:00:00'), /not a MAC address/);
  });

  test('ports are in the order of the network, numbers in that of the machine', () => {
    const endpoint = { address: '192.0.2.1', port: 0x1234, protocol: 'udp' } as const;
    assert.equal(endpointBytes(endpoint).toString('hex').slice(32), '12341100');
    assert.equal(rangeBytes(endpoint, 12).toString('hex').slice(0, 16), 'ac00000011000000');
    assert.equal(numberKey(258).toString('hex'), '02010000');
    const target = { address: '192.0.2.1', port: 0x1234, tunnelSource: null, nextHop: null, gone: true };
    assert.equal(targetBytes(target).toString('hex').slice(64), `${'00'.repeat(16)}1234010000000000`);
  });
});
