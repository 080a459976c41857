import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { plannedService } from '../../test/planned.ts';
import { losesFlows, sharesOf } from './shares.ts';

const target = (id: string, changes: Partial<EngineTarget> = {}): EngineTarget => ({
  id,
  address: '10.0.0.1',
  port: 80,
  weight: 10,
  state: 'active',
  eligible: true,
  ...changes,
});

const of = (targets: readonly EngineTarget[], changes: Partial<PlannedService> = {}) => {
  const service = { service: plannedService(changes), targets };
  const shares = Object.fromEntries(sharesOf(service).map((share) => [share.target.id, share.weight]));
  return { shares, lost: targets.filter((one) => losesFlows(service, one)).map(({ id }) => id) };
};

test('new flows go to those with weight that are healthy, active, and to all of them where none is', () => {
  const [a, none, down] = [target('a'), target('none', { weight: 0 }), target('down', { eligible: false })];
  const [draining, disabled] = [target('draining', { state: 'draining' }), target('off', { state: 'disabled' })];
  assert.deepEqual(of([a, none, down, draining, disabled]), { shares: { a: 10 }, lost: ['down'] });
  assert.deepEqual(of([none, down, draining]), { shares: { down: 10 }, lost: [] });
  assert.deepEqual(of([none, draining]).shares, {});
});

test('a service that fails open uses all, and nobody loses flows', () => {
  const targets = [target('a'), target('b', { eligible: false }), target('c', { eligible: false })];
  assert.deepEqual(of(targets, { failOpen: 30 }), { shares: { a: 10 }, lost: ['b', 'c'] });
  assert.deepEqual(of(targets, { failOpen: 50 }), { shares: { a: 10, b: 10, c: 10 }, lost: [] });
});

test('zones: the own one alone, the own one first, or what is left of it', () => {
  const near = [target('n1', { isLocal: true }), target('n2', { isLocal: true })];
  const far = [target('f1', { weight: 30 }), target('f2')];
  const strict = { zone: { preference: 'strict', threshold: 70 } } as const;
  const prefer = { zone: { preference: 'prefer', threshold: 100 } } as const;
  assert.deepEqual(of([...near, ...far]).shares, { n1: 10, n2: 10, f1: 30, f2: 10 });
  assert.deepEqual(of([...near, ...far], strict).shares, { n1: 10, n2: 10 });
  assert.deepEqual(of([...near, ...far], prefer).shares, { n1: 1_000_000 / 2, n2: 1_000_000 / 2 });
  const half = [near[0]!, { ...near[1]!, eligible: false }, ...far];
  assert.deepEqual(of(half, prefer).shares, { n1: 500_000, f1: 375_000, f2: 125_000 });
  const dark = near.map((one) => ({ ...one, eligible: false }));
  assert.deepEqual(of([...dark, ...far], strict).shares, { n1: 10, n2: 10 });
  assert.deepEqual(of([...dark, ...far], prefer).shares, { f1: 30, f2: 10 });
});
