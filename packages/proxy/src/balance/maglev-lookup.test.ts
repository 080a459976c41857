import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceOf, targetsOf } from '../../test/services.ts';
import type { EngineTarget } from '../engine/engine.ts';
import { buildBalance } from './build.ts';
import { newLatencies } from './latency.ts';
import type { BalanceTable } from './table.ts';

function build(targets: readonly EngineTarget[], previous: BalanceTable | null): BalanceTable {
  const load = new Int32Array(new SharedArrayBuffer(4 * 4_096));
  const slots = targets.map((_, index) => index);
  const service = serviceOf('source-ip', targets);
  const latencies = newLatencies(4_096);
  return buildBalance({ service, slots, load, held: load, latencies, previous, random: () => 0 });
}

const three = targetsOf([1, 2, 3]);
const [first, second, third] = three as [EngineTarget, EngineTarget, EngineTarget];

test('the lookup stays the same object while the same targets have the same weights', () => {
  const before = build(three, null);
  assert.ok(before.lookup.length > 0);
  assert.equal(build(three, before).lookup, before.lookup);
  assert.equal(build(structuredClone(three), build(three, before)).lookup, before.lookup);
});

test('it is filled anew when anything in it changes, as if there had been none before', () => {
  const before = build(three, null);
  const changes: Record<string, readonly EngineTarget[]> = {
    weight: [first, second, { ...third, weight: 4 }],
    address: [first, second, { ...third, address: '192.0.2.77' }],
    port: [first, second, { ...third, port: third.port + 1 }],
    'a target less': [first, second],
    'a target more': [...three, ...targetsOf([1, 1, 1, 9]).slice(3)],
    order: [third, second, first],
    'one that takes no traffic': [first, second, { ...third, eligible: false }],
    'more targets than the smaller size is for': targetsOf(Array.from({ length: 129 }, () => 1)),
  };
  for (const [what, targets] of Object.entries(changes)) {
    const after = build(targets, before).lookup;
    assert.notEqual(after, before.lookup, what);
    assert.deepEqual(after, build(targets, null).lookup, what);
  }
});

test('a service that had nobody to choose from begins anew', () => {
  const nobody = build([], build(three, null));
  assert.equal(nobody.lookup.length, 0);
  assert.deepEqual(build(three, nobody).lookup, build(three, null).lookup);
});
