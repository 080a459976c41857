import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from './address.ts';
import { entryBytes, flowOf, listFlow } from './flow-record.ts';

function keyOf(client: string, vip: string): Buffer {
  const key = Buffer.alloc(40);
  addressBytes(client).copy(key, 0);
  addressBytes(vip).copy(key, 16);
  key.writeUInt16BE(40_000, 32);
  key.writeUInt16BE(53, 34);
  key[36] = 17;
  return key;
}

for (const [client, vip] of [
  ['198.51.100.7', '203.0.113.1'],
  ['2001:db8:c::7', '2001:db8::'],
  ['::', '::1'],
  ['2001:0:0:1:0:0:0:1', '1:2:3:4:5:6:7:8'],
] as const) {
  test(`a flow from ${client} to ${vip} reads as the same addresses`, () => {
    const flow = flowOf(keyOf(client, vip));
    assert.equal(addressBytes(flow.client).toString('hex'), addressBytes(client).toString('hex'));
    assert.equal(addressBytes(flow.vip).toString('hex'), addressBytes(vip).toString('hex'));
    assert.deepEqual([flow.clientPort, flow.vipPort, flow.protocol], [40_000, 53, 'udp']);
  });
}

test('addresses are written in their short form', () => {
  assert.equal(flowOf(keyOf('2001:db8:c::7', '2001:db8::')).client, '2001:db8:c::7');
  assert.equal(flowOf(keyOf('::', '2001:db8::')).vip, '2001:db8::');
  assert.equal(flowOf(keyOf('::', '2001:db8::')).client, '::');
});

test('what is written down for another node is established, and idle from now on', () => {
  const listed = listFlow(keyOf('198.51.100.7', '203.0.113.1'), entryBytes(7, 1000), 1030);
  assert.deepEqual([listed.target, listed.state, listed.idleSeconds], [7, 'established', 30]);
});
