import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { TargetHealthTable, worst } from './target-health.ts';

function oneTarget() {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  createFromDocument(draft, {
    name: 'a',
    listeners: [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }],
  });
  const state = draft.finish();
  const [tree] = [...state.loadBalancers.values()];
  const serviceId = [...tree!.services.keys()][0]!;
  const targetId = [...[...tree!.groups.values()][0]!.targets.keys()][0]!;
  return { table: new TargetHealthTable(() => state), serviceId, targetId };
}

const report = (serviceId: string, targetId: string, state: ReportedHealth['state'], since = 1): ReportedHealth => ({
  serviceId,
  targetId,
  state,
  reason: '',
  since,
});

test('a complete report takes the place of what was known, another adds to it', () => {
  const { table, serviceId, targetId } = oneTarget();
  table.report('n', false, [report(serviceId, targetId, 'healthy')]);
  table.report('n', false, [report(serviceId, 'other', 'healthy')]);
  assert.equal(table.of(serviceId, targetId).length, 1);
  table.report('n', true, [report(serviceId, 'other', 'healthy')]);
  assert.equal(table.of(serviceId, targetId).length, 0);
});

test('reports of targets that are gone are bounded, and those of targets that are there stay', () => {
  const { table, serviceId, targetId } = oneTarget();
  table.report('n', false, [report(serviceId, targetId, 'unhealthy')]);
  const many = (count: number) => Array.from({ length: count }, (_, i) => report(serviceId, `gone-${i}`, 'healthy'));
  assert.equal(table.report('n', false, many(1_000)), true);
  assert.equal(table.report('n', false, many(1_002)), false);
  assert.deepEqual(table.of(serviceId, 'gone-1'), []);
  assert.equal(table.of(serviceId, targetId)[0]!.state, 'unhealthy');
});

test('the worst of several nodes counts; of equal ones the one that has lasted longest', () => {
  const { table, serviceId, targetId } = oneTarget();
  assert.equal(worst(table.of(serviceId, targetId)), null);
  table.report('b', true, [report(serviceId, targetId, 'unhealthy', 20)]);
  table.report('a', true, [report(serviceId, targetId, 'healthy', 5)]);
  table.report('c', true, [report(serviceId, targetId, 'unhealthy', 10)]);
  const reports = table.of(serviceId, targetId);
  assert.deepEqual(
    reports.map(({ node }) => node),
    ['a', 'b', 'c'],
  );
  assert.deepEqual([worst(reports)!.node, worst(reports)!.state], ['c', 'unhealthy']);
  table.forget('c');
  assert.equal(worst(table.of(serviceId, targetId))!.node, 'b');
});
