import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesHere, DestinationRefused, destinationOf, isLocal, type Resolved } from './destination.ts';

const LOCAL = [
  '127.0.0.1',
  '127.77.0.1',
  '0.0.0.0',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '2002:7f00:1::1',
  'fe80::1',
  'ff02::1',
  'fd00:ec2::254',
];
const OTHERS = [
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '203.0.113.7',
  '8.8.8.8',
  '2001:db8::1',
  'fd12::1',
  '2606:4700::1',
];

test('addresses of the machine, its link and its cloud are told from others', () => {
  for (const address of LOCAL) assert.ok(isLocal(address), address);
  for (const address of OTHERS) assert.ok(!isLocal(address), address);
});

test('a name is what it resolves to, and refused when one of its addresses is local', async () => {
  const names: Record<string, Resolved[]> = {
    'hooks.example': [{ address: '203.0.113.7', family: 4 }],
    'mixed.example': [
      { address: '203.0.113.7', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ],
    'empty.example': [],
  };
  const resolve = async (host: string) => names[host]!;
  assert.equal((await destinationOf('hooks.example', false, resolve)).address, '203.0.113.7');
  for (const host of [
    'mixed.example',
    'empty.example',
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
  ]) {
    await assert.rejects(destinationOf(host, false, resolve), DestinationRefused, host);
  }
  assert.equal((await destinationOf('mixed.example', true, resolve)).address, '203.0.113.7');
  assert.deepEqual(await destinationOf('[::1]', true, resolve), { address: '::1', family: 6 });
});

test('an address that an interface of the machine has is refused, as of when it is connected to', async () => {
  let here: string[] = [];
  const resolve = async (): Promise<Resolved[]> => [{ address: '10.0.0.7', family: 4 }];
  const to = (host: string) => destinationOf(host, false, resolve, () => here);
  for (const host of ['10.0.0.7', '[2001:db8::7]', 'hooks.example']) assert.ok(await to(host));
  here = ['10.0.0.7', '2001:db8:0:0:0:0:0:7'];
  for (const host of ['10.0.0.7', '[2001:db8::7]', 'hooks.example']) {
    await assert.rejects(to(host), DestinationRefused, host);
    assert.ok(await destinationOf(host, true, resolve, () => here));
  }
  assert.ok(await to('10.0.0.8'));
  assert.ok(addressesHere().includes('127.0.0.1'));
});
