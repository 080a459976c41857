import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlannedGroup, PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { plannedGroup, plannedListener, plannedService, plannedTarget } from '../../test/planned.ts';
import { Resolver, type TargetHealth } from './resolver.ts';

class FakeHealth implements TargetHealth {
  readonly told: string[] = [];
  readonly down = new Set<string>();

  setService(service: PlannedService): void {
    this.told.push(`set ${service.id}`);
  }

  removeService(id: string): void {
    this.told.push(`remove ${id}`);
  }

  setAuthority(id: string, planned: object | null): void {
    this.told.push(`${planned === null ? 'forget' : 'trust'} ${id}`);
  }

  isEligible(serviceId: string, targetId: string): boolean {
    return !this.down.has(`${serviceId}/${targetId}`);
  }
}

let version = 0;

function plan(objects: {
  listeners?: PlannedListener[];
  services?: PlannedService[];
  groups?: PlannedGroup[];
}): NodePlan {
  return planOf(++version, [
    ...(objects.listeners ?? []).map((value) => planEntry('listener', value)),
    ...(objects.services ?? []).map((value) => planEntry('service', value)),
    ...(objects.groups ?? []).map((value) => planEntry('group', value)),
  ]);
}

const listener = plannedListener();
const service = plannedService();
const group = plannedGroup({ targets: [plannedTarget({ id: 'a' }), plannedTarget({ id: 'b', port: 9000 })] });

function started(): { resolver: Resolver; health: FakeHealth } {
  const health = new FakeHealth();
  const resolver = new Resolver(health);
  resolver.setPlan(plan({ listeners: [listener], services: [service], groups: [group] }));
  return { resolver, health };
}

test("joins services with their groups; a target without a port has the service's", () => {
  const { resolver, health } = started();
  health.down.add('svc-1/b');
  const change = resolver.take();
  assert.deepEqual(change?.services.get('svc-1')?.targets, [
    { id: 'a', address: '127.0.0.2', port: 8080, weight: 10, state: 'active', eligible: true },
    { id: 'b', address: '127.0.0.2', port: 9000, weight: 10, state: 'active', eligible: false },
  ]);
  assert.deepEqual(change?.listeners.get('lsn-1'), listener);
  assert.equal(resolver.take(), null, 'told once');
});

test('an equal plan changes nothing', () => {
  const { resolver, health } = started();
  resolver.take();
  health.told.length = 0;
  resolver.setPlan(plan({ listeners: [{ ...listener }], services: [{ ...service }], groups: [{ ...group }] }));
  assert.equal(resolver.take(), null);
  assert.deepEqual(health.told, []);
});

test('a change of a group touches the services that draw on it and no listener', () => {
  const { resolver, health } = started();
  const other = plannedService({ id: 'svc-2', groupId: 'grp-2' });
  const groups = [group, plannedGroup({ id: 'grp-2' })];
  resolver.setPlan(plan({ listeners: [listener], services: [service, other], groups }));
  resolver.take();
  health.told.length = 0;
  const smaller = { ...group, targets: group.targets.slice(0, 1) };
  resolver.setPlan(
    plan({ listeners: [listener], services: [service, other], groups: [smaller, groups[1] as PlannedGroup] }),
  );
  const change = resolver.take();
  assert.deepEqual([...(change?.services.keys() ?? [])], ['svc-1']);
  assert.deepEqual(
    change?.services.get('svc-1')?.targets.map((target) => target.id),
    ['a'],
  );
  assert.equal(change?.listeners.size, 0);
  assert.deepEqual(health.told, ['set svc-1']);
});

test('a service that moves to another group is no longer touched by the old one', () => {
  const { resolver } = started();
  const groups = [group, plannedGroup({ id: 'grp-2', targets: [] })];
  const moved = { ...service, groupId: 'grp-2' };
  resolver.setPlan(plan({ listeners: [listener], services: [moved], groups }));
  assert.deepEqual(resolver.take()?.services.get('svc-1')?.targets, []);
  resolver.setPlan(
    plan({ listeners: [listener], services: [moved], groups: [{ ...group, targets: [] }, groups[1] as PlannedGroup] }),
  );
  assert.equal(resolver.take(), null);
});

test('what is gone from the plan is removed from the engine, but only if the engine had it', () => {
  const { resolver, health } = started();
  resolver.setPlan(plan({}));
  assert.equal(resolver.take(), null, 'it was never told of them');
  resolver.setPlan(plan({ listeners: [listener], services: [service] }));
  assert.deepEqual(resolver.take()?.services.get('svc-1')?.targets, [], 'a group that is not there has no targets');
  resolver.setPlan(plan({}));
  const change = resolver.take();
  assert.equal(change?.services.get('svc-1'), null);
  assert.equal(change?.listeners.get('lsn-1'), null);
  assert.equal(health.told.at(-1), 'remove svc-1');
});

test('a change of health touches that service alone', () => {
  const { resolver, health } = started();
  resolver.take();
  health.down.add('svc-1/a');
  resolver.touchService('svc-1');
  resolver.touchService('svc-gone');
  const change = resolver.take();
  assert.deepEqual([...(change?.services.keys() ?? [])], ['svc-1']);
  assert.deepEqual(
    change?.services.get('svc-1')?.targets.map((target) => target.eligible),
    [false, true],
  );
});

test('what the engine failed to take is told again, as it is by then', () => {
  const { resolver } = started();
  const failed = resolver.take();
  assert.ok(failed);
  resolver.giveBack(failed);
  resolver.setPlan(plan({ services: [service], groups: [group] }));
  const change = resolver.take();
  assert.equal(change?.services.get('svc-1')?.targets.length, 2);
  assert.equal(change?.listeners.get('lsn-1'), null, 'it may have been opened before the failure');
});

test("targets of the node's own zone are told apart", () => {
  const zoned = plannedGroup({
    targets: [plannedTarget({ id: 'a', zone: 'z1' }), plannedTarget({ id: 'b', zone: '' })],
  });
  const told = (zone: string) => {
    const resolver = new Resolver(new FakeHealth(), zone);
    resolver.setPlan(plan({ listeners: [listener], services: [service], groups: [zoned] }));
    return resolver
      .take()
      ?.services.get('svc-1')
      ?.targets.map(({ isLocal }) => isLocal);
  };
  assert.deepEqual(told('z1'), [true, undefined]);
  assert.deepEqual(told('z2'), [undefined, undefined]);
  assert.deepEqual(told(''), [undefined, undefined]);
});
