import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeDrainage } from '@evenkeel/model/resources/placement.ts';
import type { Outcome } from '../nodes/operations.ts';
import type { NodeDutyRecord } from '../state/records.ts';
import type { OperationRecord } from '../store/history.ts';
import type { NewEvent } from './event.ts';
import { DutyWatch, drainEvent } from './watch-duties.ts';

const duties = (...records: readonly Partial<NodeDutyRecord>[]) =>
  new Map(records.map((record) => [record.id!, { drain: null, keeps: [], ...record } as NodeDutyRecord]));
const CORDONED = { id: 'a', duty: 'cordoned' } as const;
const drained = (since: number) => ({ id: 'a', duty: 'drained', drain: { since, seconds: 60, force: false } }) as const;

test('each change of what a node is there for is told once, and nothing of what was so before', () => {
  const told: NewEvent[] = [];
  const forgotten = new Set<string>();
  const watch = new DutyWatch(
    duties({ ...CORDONED, id: 'old' }),
    (id) => !forgotten.has(id),
    (event) => told.push(event),
  );
  const kinds = (...records: readonly Partial<NodeDutyRecord>[]) => {
    watch.look(duties({ ...CORDONED, id: 'old' }, ...records));
    return told.splice(0).map(({ kind, subject }) => `${kind} ${subject.id}`);
  };
  assert.deepEqual(kinds(), []);
  assert.deepEqual(kinds(CORDONED), ['node.cordoned a']);
  assert.deepEqual(kinds({ ...CORDONED, keeps: ['lb-1'] }), []);
  assert.deepEqual(kinds(drained(1)), ['drain.begun a']);
  assert.deepEqual(kinds({ ...drained(1), generation: 7 }), []);
  assert.deepEqual(kinds(drained(2)), ['drain.begun a'], 'with another deadline');
  assert.deepEqual(kinds(), ['node.uncordoned a']);
  kinds(CORDONED);
  forgotten.add('a');
  assert.deepEqual(kinds(), [], 'that it was forgotten is told elsewhere');
});

test('the end of a drain says what is left, or who has not taken over', () => {
  const operation = { action: 'drainNode', resources: [{ kind: 'node', id: 'a', name: 'a' }] } as unknown;
  const left = (outcome: Outcome['outcome'], drainage: Partial<NodeDrainage> | null, action = 'drainNode') => {
    const of = { ...(operation as OperationRecord), action };
    const event = drainEvent(of, { outcome } as Outcome, drainage && ({ waitsFor: [], ...drainage } as NodeDrainage));
    return event && [event.kind, event.message];
  };
  assert.deepEqual(left('applied', { connections: 0 }), ['drain.ended', 'Node a is drained: nothing is left there.']);
  assert.match(left('applied', { connections: null })![1]!, /^The drain of node a has ended; how many .* not known/);
  assert.match(left('applied', { connections: 3 })!.join(), /^drain.overdue,.* is over, with 3 open connections left/);
  assert.match(
    left('refused', { waitsFor: ['b'], connections: 3 })!.join(),
    /^drain.overdue,.* what b cannot take over/,
  );
  assert.equal(left('applied', null), null, 'it was asked to do something else since');
  assert.equal(left('cancelled', { connections: 0 }), null);
  assert.equal(left('applied', { connections: 0 }, 'cordonNode'), null);
});
