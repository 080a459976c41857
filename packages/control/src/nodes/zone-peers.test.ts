import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeStatus } from './registry.ts';
import { zonePeers } from './zone-peers.ts';

const node = (id: string, zone: string, address: string | null): NodeStatus => ({
  id,
  zone,
  software: '1',
  reactor: 'portable',
  workers: 1,
  protocol: 1,
  kernel: '',
  capacity: null,
  connections: null,
  kernelFlows: null,
  denied: null,
  beatAt: null,
  appliedGeneration: 0,
  refused: [],
  reported: 'now',
  datapaths: [],
  firstSeenAt: 0,
  lastSeenAt: 0,
  owesSince: null,
  overload: [],
  floods: [],
  portless: [],
  sharing: { state: 'sharing', reason: '', address, port: address === null ? null : 7702, peers: [] },
  connectedAt: 0,
});
const names = (nodes: readonly NodeStatus[], id: string) =>
  zonePeers(nodes)
    .get(id)
    ?.peers.map((peer) => peer.node);

test('nodes of a zone are told of each other, and not of themselves', () => {
  const nodes = [node('a', '', '192.0.2.1'), node('b', '', '192.0.2.2'), node('c', 'east', '192.0.2.3')];
  assert.deepEqual(zonePeers(nodes).get('a')?.peers, [{ node: 'b', address: '192.0.2.2', port: 7702 }]);
  assert.deepEqual(names(nodes, 'b'), ['a']);
  assert.deepEqual(names(nodes, 'c'), []);
});

test('a node that cannot be reached, or shares nothing, is told of nobody, and nobody of it', () => {
  const nodes = [node('a', '', '192.0.2.1'), node('b', '', null), { ...node('c', '', null), sharing: null }];
  assert.deepEqual(names(nodes, 'a'), []);
  assert.equal(names(nodes, 'b'), undefined);
  assert.equal(names(nodes, 'c'), undefined);
});

test('nodes are told which others know the keys of the zone', () => {
  const nodes = [node('a', '', '192.0.2.1'), { ...node('b', '', '192.0.2.2'), protocol: 2 }];
  assert.equal(zonePeers(nodes).get('a')?.peers[0]?.takesZoneKeys, true);
  assert.equal(zonePeers(nodes).get('b')?.peers[0]?.takesZoneKeys, undefined);
});

test('a node has so many peers at most', () => {
  const nodes = Array.from({ length: 40 }, (_, index) => node(`n${100 + index}`, '', `192.0.2.${index + 1}`));
  assert.equal(names(nodes, 'n100')?.length, 32);
  assert.equal(names(nodes, 'n139')?.at(-1), 'n131');
});
