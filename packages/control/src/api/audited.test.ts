import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceOf } from './audited.ts';

test('what a call is about is what its path names last; a node is one whatever its name begins with', () => {
  const listener = { kind: 'listener', id: 'lsn-01m8200f4j3cf9pq3z', name: '' };
  assert.deepEqual(resourceOf({ listenerId: listener.id }), listener);
  const target = { kind: 'target', id: 'tgt-01m8207qc0q297w338', name: '' };
  assert.deepEqual(resourceOf({ targetGroupId: 'tg-01m8207qc0q297w337', targetId: target.id }), target);
  for (const id of ['lb-1', 'vm', 'lb-01m8200f4fw4ywvk5v']) {
    assert.deepEqual(resourceOf({ nodeId: id }), { kind: 'node', id, name: id });
  }
});

test('what has no form of an identifier is no resource', () => {
  assert.equal(resourceOf({ loadBalancerId: 'lb-1' }), null);
  assert.equal(resourceOf({ changeSetId: 'cs-01m820rtaknwybdk29' }), null);
  assert.equal(resourceOf({ nodeId: 'n'.repeat(64) }), null);
  assert.equal(resourceOf({}), null);
});
