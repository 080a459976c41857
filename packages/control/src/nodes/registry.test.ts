import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeRegistry, type NodeStatus, nodeToRow } from './registry.ts';

test('what nodes have acknowledged is kept now and then, not with each change, and is there after a crash', () => {
  let now = 1_000_000;
  const saved: NodeStatus[] = [];
  const open = (rows: ConstructorParameters<typeof NodeRegistry>[0]) =>
    new NodeRegistry(rows, 10, () => now, {
      changed: () => {},
      isRevoked: () => false,
      moved: () => {},
      save: (node) => saved.push(node),
    });
  const nodes = open([]);
  const hello = { type: 'hello', node: 'a', zone: '', software: '', reactor: '', workers: 1, version: 0, hash: '' };
  nodes.connected(hello as Parameters<NodeRegistry['connected']>[0]);
  assert.equal(saved.length, 1);
  nodes.notKept(saved[0]!);
  nodes.keepNews();
  assert.equal(saved.length, 2, 'what could not be kept is tried again');
  saved.shift();
  for (let generation = 1; generation <= 50; generation++) nodes.applied('a', generation, []);
  assert.equal(saved.length, 1);
  nodes.keepNews();
  nodes.keepNews();
  assert.equal(saved.length, 2);
  now += 599_999;
  nodes.seen('a');
  nodes.keepNews();
  assert.equal(saved.length, 2, 'that it was seen is no news for ten minutes');
  now += 1;
  nodes.seen('a');
  nodes.keepNews();
  const again = open([nodeToRow(saved[2]!)]);
  again.keepNews();
  assert.equal(saved.length, 3, 'what was read is kept');
  const { appliedGeneration, lastSeenAt, connectedAt } = again.get('a')!;
  assert.deepEqual([appliedGeneration, lastSeenAt, connectedAt], [50, now, null]);
});
