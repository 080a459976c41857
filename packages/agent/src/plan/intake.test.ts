import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffPlans, planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { PlanMessage } from '@evenkeel/model/plan/stream.ts';
import { plannedGroup, plannedListener, plannedService } from '../../test/planned.ts';
import { PlanIntake } from './intake.ts';

const one = planOf(1, [
  planEntry('listener', plannedListener()),
  planEntry('service', plannedService()),
  planEntry('group', plannedGroup()),
]);
const two = planOf(2, [planEntry('listener', plannedListener({ port: 81 })), planEntry('service', plannedService())]);

function snapshot(plan: NodePlan): PlanMessage {
  return { type: 'snapshot', version: plan.version, hash: plan.hash, entries: [...plan.entries.values()] };
}

function delta(before: NodePlan, after: NodePlan): PlanMessage {
  return { type: 'delta', ...diffPlans(before, after) };
}

test('follows a snapshot and a delta', () => {
  const intake = new PlanIntake(null);
  assert.equal(intake.take(snapshot(one)).kind, 'plan');
  assert.equal(intake.take(delta(one, two)).kind, 'plan');
  assert.equal(intake.plan.version, 2);
  assert.deepEqual([...intake.plan.entries.keys()].sort(), ['listener/lsn-1', 'service/svc-1']);
});

test('a delta on another base asks for a resync, keeps the plan, and later deltas wait for the snapshot', () => {
  const intake = new PlanIntake(one);
  const three = planOf(3, []);
  const outcome = intake.take(delta(two, three));
  assert.equal(outcome.kind, 'resync');
  assert.equal(intake.plan, one);
  assert.equal(intake.take(delta(one, two)).kind, 'passed-over');
  assert.equal(intake.take(snapshot(three)).kind, 'plan');
  assert.equal(intake.plan.version, 3);
  assert.equal(intake.take(delta(three, one)).kind, 'plan', 'a plan may go back to an older version');
});

test('a delta or a snapshot with another hash asks for a resync', () => {
  const intake = new PlanIntake(one);
  assert.equal(intake.take({ ...delta(one, two), hash: one.hash }).kind, 'resync');
  assert.equal(intake.take({ ...snapshot(two), hash: one.hash }).kind, 'resync');
  assert.equal(intake.plan, one);
});

test('a snapshot that names a key twice is refused', () => {
  const entry = planEntry('listener', plannedListener());
  const intake = new PlanIntake(null);
  const twice: PlanMessage = { type: 'snapshot', version: 1, hash: planOf(1, [entry]).hash, entries: [entry, entry] };
  assert.equal(intake.take(twice).kind, 'resync');
});

test('a new stream forgets that a snapshot was asked for', () => {
  const intake = new PlanIntake(one);
  intake.refuse('a test');
  intake.begin();
  assert.equal(intake.take(delta(one, two)).kind, 'plan');
});

test('an empty plan is a plan', () => {
  const intake = new PlanIntake(one);
  assert.equal(intake.take({ type: 'snapshot', version: 9, hash: '', entries: [] }).kind, 'plan');
  assert.equal(intake.plan.entries.size, 0);
  const other = new PlanIntake(one);
  assert.equal(other.take(snapshot(planOf(9, []))).kind, 'plan');
});

test('an entry that cannot be run stays as it was, its listeners are refused, and all else goes on', () => {
  const [group] = [...one.entries.values()].filter(({ kind }) => kind === 'group');
  const faults = new Map([[group!.key, 'why']]);
  const strange = planEntry('group', { ...plannedGroup(), name: 'strange' });
  const listener = planEntry('listener', plannedListener({ port: 82 }));
  const [service] = [...one.entries.values()].filter(({ kind }) => kind === 'service');
  const next = planOf(2, [listener, service!, strange]);
  const intake = new PlanIntake(one);
  const outcome = intake.take(delta(one, next), faults);
  assert.ok(outcome.kind === 'plan');
  assert.equal(outcome.plan.entries.get(group!.key), group, 'what was there before');
  assert.equal(outcome.plan.entries.get(listener.key)?.hash, listener.hash);
  assert.deepEqual(outcome.refused, [{ listenerId: 'lsn-1', code: 'failed', detail: 'why' }]);
  assert.equal(intake.plan.hash, next.hash, 'deltas go on from what the control plane sent');

  const again = planOf(3, [planEntry('listener', plannedListener({ port: 83 })), service!, strange]);
  const later = intake.take(delta(next, again));
  assert.ok(later.kind === 'plan');
  assert.equal(later.plan.entries.get(group!.key), group);
  assert.equal(later.refused.length, 1, 'it is remembered');

  const good = planOf(4, [listener, service!, group!]);
  const last = intake.take(delta(again, good));
  assert.ok(last.kind === 'plan');
  assert.deepEqual([last.plan.hash, last.refused], [good.hash, []]);
});

test('an entry that cannot be run and never could is left out', () => {
  const faults = new Map([['listener/lsn-1', 'why']]);
  const outcome = new PlanIntake(null).take(snapshot(one), faults);
  assert.ok(outcome.kind === 'plan');
  assert.deepEqual([...outcome.plan.entries.keys()].sort(), ['group/grp-1', 'service/svc-1']);
  assert.deepEqual(outcome.refused, [{ listenerId: 'lsn-1', code: 'failed', detail: 'why' }]);
});
