import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationRecord } from '../store/history.ts';
import { OperationTracker } from './operations.ts';
import { NodeRegistry, nodeToRow, unseenNode } from './registry.ts';

const REFUSED = { listenerId: 'lsn-1', code: 'address-in-use', detail: 'taken' };

const operation = (fields: Partial<OperationRecord> = {}): OperationRecord => ({
  ...{ id: 'op-1', tenantId: 't', generation: 5, action: 'createListener', resources: [], listeners: ['lsn-1'] },
  ...{ createdAt: 1, outcome: null, settledAt: null, cancelledBy: null, refused: [] },
  ...fields,
});

/** Two nodes that had acknowledged generation 5 when the control plane was started again. */
function restarted(): { nodes: NodeRegistry; come: (id: string) => void } {
  const rows = ['a', 'b'].map((node) => {
    const identity = { node, zone: '', identity: '', serial: '', join_token_id: '', not_after: 0 };
    const status = unseenNode({ ...identity, joined_at: 1, issued_at: 1, revoked_at: null } as never);
    return nodeToRow({ ...status, appliedGeneration: 5 });
  });
  const events = { changed() {}, save() {}, moved() {}, isRevoked: () => false };
  const nodes = new NodeRegistry(rows, 10, () => 1_000, events);
  const hello = {
    type: 'hello',
    zone: '',
    software: 's',
    reactor: 'portable',
    workers: 1,
    version: 5,
    hash: '',
  } as const;
  return { nodes, come: (node) => void nodes.connected({ ...hello, node }) };
}

test('what nodes have acknowledged before a start is judged when they have said what they refuse', () => {
  const { nodes, come } = restarted();
  const tracker = new OperationTracker(nodes, () => 2_000, [operation()]);
  assert.equal(tracker.outcomeOf(operation()), null);
  come('a');
  come('b');
  nodes.applied('b', 5, []);
  tracker.settle();
  assert.equal(tracker.outcomeOf(operation()), null, 'one has connected, and said nothing yet');
  nodes.applied('a', 5, [REFUSED]);
  nodes.disconnected('b');
  tracker.settle();
  assert.deepEqual(tracker.outcomeOf(operation())?.outcome, 'refused');
});

test('an operation that was refused stays so while the node that refuses has not come since the start', () => {
  const { nodes, come } = restarted();
  const refused = operation({ outcome: 'refused', settledAt: 1, refused: [{ node: 'a', ...REFUSED }] });
  const tracker = new OperationTracker(nodes, () => 2_000, []);
  assert.deepEqual(tracker.judgeAgain(refused)?.refused, refused.refused);
  come('b');
  nodes.applied('b', 5, []);
  assert.equal(tracker.judgeAgain(refused)?.outcome, 'refused');
  come('a');
  assert.equal(tracker.judgeAgain(refused)?.outcome, 'refused');
  nodes.applied('a', 5, []);
  assert.equal(tracker.judgeAgain(refused)?.outcome, 'applied');
});

test('what lasts is not settled because nodes are away, and is refused for the reasons that it ends with', () => {
  const { nodes } = restarted();
  const drain = operation({ action: 'drainNode', listeners: [] });
  const state = { unfinished: true };
  const tracker = new OperationTracker(nodes, () => 2_000, [drain], {
    isUnfinished: () => state.unfinished,
    refusalsOf: () => [{ node: 'b', ...REFUSED }],
  });
  nodes.disconnected('a');
  tracker.settle();
  assert.equal(tracker.outcomeOf(drain), null);
  state.unfinished = false;
  tracker.settle();
  const outcome = tracker.outcomeOf(drain);
  assert.deepEqual([outcome?.outcome, outcome?.refused[0]?.node], ['refused', 'b']);
});
