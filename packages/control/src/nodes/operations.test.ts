import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationRecord } from '../store/history.ts';
import { OperationTracker } from './operations.ts';
import { NodeRegistry, nodeToRow, unseenNode } from './registry.ts';

const REFUSED = { listenerId: 'lsn-1', code: 'address-in-use', detail: 'taken' };

const HELLO = {
  type: 'hello',
  zone: '',
  software: 's',
  reactor: 'portable',
  workers: 1,
  version: 5,
  hash: '',
} as const;

const operation = (fields: Partial<OperationRecord> = {}): OperationRecord => ({
  ...{ id: 'op-1', tenantId: 't', generation: 5, action: 'createListener', resources: [], listeners: ['lsn-1'] },
  ...{ createdAt: 1, outcome: null, settledAt: null, cancelledBy: null, refused: [], leftOut: [] },
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
  return { nodes, come: (node) => void nodes.connected({ ...HELLO, node }) };
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

test('an operation that was refused stays so while the node that refuses has not come since the start', async () => {
  const { nodes, come } = restarted();
  const refused = operation({ outcome: 'refused', settledAt: 1, refused: [{ node: 'a', ...REFUSED }] });
  const tracker = new OperationTracker(nodes, () => 2_000, []);
  const judgedAgain = () => tracker.judgeAgain(refused, async () => {});
  assert.deepEqual((await judgedAgain())?.refused, refused.refused);
  come('b');
  nodes.applied('b', 5, []);
  assert.equal((await judgedAgain())?.outcome, 'refused');
  come('a');
  assert.equal((await judgedAgain())?.outcome, 'refused');
  nodes.applied('a', 5, []);
  assert.equal((await judgedAgain())?.outcome, 'applied');
});

test('what came of a retry is told when it is written, and nothing older is written after it', async () => {
  const { nodes, come } = restarted();
  const tracker = new OperationTracker(nodes, () => 2_000, [operation()]);
  const told: string[] = [];
  tracker.onSettled((_, { outcome }) => told.push(outcome));
  for (const node of ['a', 'b']) come(node);
  nodes.applied('a', 5, [REFUSED]);
  nodes.applied('b', 5, []);
  tracker.settle();
  nodes.applied('a', 5, []);
  const full = new Error('the disk is full');
  await assert.rejects(
    tracker.judgeAgain(operation(), () => Promise.reject(full)),
    full,
  );
  assert.equal(tracker.outcomeOf(operation())?.outcome, 'refused', 'as it was');
  const written: string[] = [];
  const save = async (outcomes: ReadonlyMap<string, { readonly outcome: string }>) => {
    for (const { outcome } of outcomes.values()) written.push(outcome);
  };
  const judging = tracker.judgeAgain(operation(), async (outcomes) => {
    assert.deepEqual(told, ['refused'], 'not before it is written');
    await tracker.flush(save);
    await save(outcomes);
  });
  assert.equal((await judging)?.outcome, 'applied');
  await tracker.flush(save);
  assert.deepEqual([written, told], [['applied'], ['refused', 'applied']]);
});

test('what lasts is not settled because nodes are away, and is refused for the reasons that it ends with', () => {
  const { nodes } = restarted();
  const drain = operation({ action: 'drainNode', listeners: [] });
  const state = { unfinished: true };
  const tracker = new OperationTracker(nodes, () => 2_000, [drain], {
    isUnfinished: () => state.unfinished,
    deadlineOf: () => null,
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

/** Three nodes that are connected, with a clock, and a tracker. */
function fleet(
  operations: readonly OperationRecord[],
  deadlineOf: (of: OperationRecord) => number | null = () => null,
) {
  const clock = { now: 1_000_000 };
  const events = { changed() {}, save() {}, moved() {}, isRevoked: () => false };
  const nodes = new NodeRegistry([], 10, () => clock.now, events);
  const come = (node: string) => nodes.connected({ ...HELLO, node });
  for (const node of ['a', 'b', 'c']) come(node);
  const tracker = new OperationTracker(nodes, () => clock.now, operations, {
    isUnfinished: () => false,
    deadlineOf,
    refusalsOf: () => [],
  });
  return { clock, nodes, come, tracker };
}

test('a node that is away for two minutes is not waited for; the operation names it, and stays as it ended', () => {
  const { clock, nodes, come, tracker } = fleet([operation()]);
  nodes.applied('a', 5, []);
  nodes.applied('b', 5, []);
  nodes.disconnected('c');
  clock.now += 119_999;
  tracker.settle();
  assert.equal(tracker.outcomeOf(operation()), null);
  clock.now += 1;
  assert.deepEqual(tracker.outcomeOf(operation())?.leftOut, ['c'], 'before anybody looks');
  tracker.settle();
  const ended = tracker.outcomeOf(operation());
  assert.deepEqual([ended?.outcome, ended?.leftOut, ended?.settledAt], ['applied', ['c'], clock.now]);

  const next = operation({ id: 'op-2', generation: 6 });
  tracker.follow([next]);
  nodes.applied('a', 6, []);
  nodes.applied('b', 6, []);
  assert.deepEqual(tracker.outcomeOf(next)?.leftOut, ['c'], 'and nobody waits for it from the beginning');
  come('c');
  assert.equal(tracker.outcomeOf(next), null, 'one that is back is waited for');
  nodes.applied('c', 6, []);
  tracker.settle();
  assert.deepEqual(tracker.outcomeOf(next)?.leftOut, []);
  assert.deepEqual(tracker.outcomeOf(operation())?.leftOut, ['c']);
});

test('a node that is connected and gives no answer for two minutes is waited for no more than one that is away', () => {
  const { clock, nodes, come, tracker } = fleet([operation()]);
  for (const node of ['a', 'b', 'c']) nodes.owes(node);
  nodes.applied('a', 5, []);
  nodes.applied('b', 5, []);
  clock.now += 60_000;
  // Whoever comes again and again and gets no further is as silent.
  nodes.disconnected('c');
  come('c');
  nodes.owes('c');
  clock.now += 59_999;
  tracker.settle();
  assert.equal(tracker.outcomeOf(operation()), null);
  clock.now++;
  tracker.settle();
  const ended = tracker.outcomeOf(operation());
  assert.deepEqual([ended?.outcome, ended?.leftOut], ['applied', ['c']]);

  const next = operation({ id: 'op-2', generation: 6 });
  nodes.applied('a', 6, []);
  nodes.applied('b', 6, []);
  tracker.follow([next]);
  assert.deepEqual(tracker.outcomeOf(next)?.leftOut, ['c'], 'and nobody waits for it from the beginning');
  const last = operation({ id: 'op-3', generation: 7 });
  nodes.applied('c', 6, []);
  for (const node of ['a', 'b']) nodes.applied(node, 7, []);
  nodes.owes('c');
  tracker.follow([last]);
  assert.equal(tracker.outcomeOf(last), null, 'one that has answered is waited for again');
  nodes.applied('c', 7, []);
  tracker.settle();
  assert.deepEqual(tracker.outcomeOf(last)?.leftOut, []);
});

test('while every node is away an operation has nobody to run it, and stays on its way', () => {
  const { clock, nodes, come, tracker } = fleet([operation()]);
  for (const node of ['a', 'b', 'c']) nodes.disconnected(node);
  clock.now += 500_000;
  tracker.settle();
  assert.equal(tracker.outcomeOf(operation()), null);
  come('b');
  nodes.applied('b', 5, []);
  tracker.settle();
  assert.deepEqual(tracker.outcomeOf(operation())?.leftOut, ['a', 'c']);
});

test('after a start all nodes have two minutes to come and say what they refuse', () => {
  const clock = { now: 1_000_000 };
  const rows = restarted()
    .nodes.list()
    .map((node) => nodeToRow(node));
  const events = { changed() {}, save() {}, moved() {}, isRevoked: () => false };
  const nodes = new NodeRegistry(rows, 10, () => clock.now, events);
  const tracker = new OperationTracker(nodes, () => clock.now, [operation()]);
  nodes.connected({ ...HELLO, node: 'a' });
  nodes.applied('a', 5, []);
  clock.now += 119_999;
  tracker.settle();
  assert.equal(tracker.outcomeOf(operation()), null);
  clock.now++;
  tracker.settle();
  assert.deepEqual(tracker.outcomeOf(operation())?.leftOut, ['b'], 'it had acknowledged it, and may refuse it');
});

test('what lasts waits for nobody when its deadline is over, whatever was written before it', () => {
  const drain = operation({ id: 'op-2', action: 'drainNode', generation: 6, listeners: [] });
  const { clock, nodes, tracker } = fleet([operation(), drain], ({ id }) => (id === 'op-2' ? 1_030_000 : null));
  nodes.applied('a', 6, []);
  clock.now += 29_999;
  tracker.settle();
  assert.deepEqual([tracker.outcomeOf(drain), tracker.pending], [null, 2]);
  clock.now++;
  tracker.settle();
  const ended = tracker.outcomeOf(drain);
  assert.deepEqual([ended?.outcome, ended?.leftOut, tracker.pending], ['applied', ['b', 'c'], 1]);
  assert.equal(tracker.outcomeOf(operation()), null);
});

test('what was left out is written with the outcome, and waiters are told', async () => {
  const { clock, nodes, tracker } = fleet([operation()]);
  const waiting = tracker.wait(operation(), 60_000, new AbortController().signal);
  nodes.applied('a', 5, []);
  nodes.applied('b', 5, []);
  nodes.disconnected('c');
  clock.now += 120_000;
  tracker.settle();
  assert.deepEqual((await waiting)?.leftOut, ['c']);
  const saved: unknown[] = [];
  await tracker.flush(async (outcomes) => void saved.push(outcomes.get('op-1')?.leftOut));
  assert.deepEqual(saved, [['c']]);
});

test('what was left open is judged at a look where this control plane leads, and nothing because another has written', () => {
  const { nodes } = restarted();
  const left = operation({ listeners: [] });
  const tracker = new OperationTracker(nodes, () => 2_000, [left]);
  const told: string[] = [];
  tracker.onSettled(({ id }, { outcome }) => told.push(`${id} ${outcome}`));
  tracker.settle();
  assert.deepEqual(told, ['op-1 applied'], 'not before anybody listens');
  tracker.reset([{ ...left, id: 'op-2' }]);
  tracker.follow([]);
  assert.deepEqual([told.length, tracker.pending], [1, 1]);
  tracker.follow([{ ...left, id: 'op-3' }]);
  assert.deepEqual(told, ['op-1 applied', 'op-2 applied', 'op-3 applied']);
});
