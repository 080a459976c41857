import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, nextState, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { updateTarget } from '../resources/targets.ts';
import { Draft, EVERY_TENANT } from './draft.ts';
import { EMPTY_STATE, type State } from './state.ts';

const context = draftContext(seeded(1));

function twoLoadBalancers(): State {
  const draft = new Draft(EMPTY_STATE, context);
  for (const name of ['a', 'b']) {
    createFromDocument(draft, {
      name,
      listeners: [
        { protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] } },
      ],
    });
  }
  return draft.finish();
}

test('what a draft does not touch is the same object in the next state', () => {
  const before = twoLoadBalancers();
  const [a, b] = [...before.loadBalancers.values()];
  const [group] = [...a!.groups.values()];
  const [first, second] = [...group!.targets.values()];
  const draft = new Draft(before, context);
  updateTarget(draft, first!, { weight: 99 });
  const after = draft.finish();

  const changed = after.loadBalancers.get(a!.loadBalancer.id)!;
  assert.notEqual(changed, a);
  assert.equal(after.loadBalancers.get(b!.loadBalancer.id), b);
  assert.equal(changed.loadBalancer, a!.loadBalancer);
  assert.equal(changed.listeners, a!.listeners);
  assert.equal(changed.services, a!.services);
  const targets = changed.groups.get(group!.group.id)!.targets;
  assert.equal(targets.get(second!.id), second);
  assert.equal(targets.get(first!.id)!.weight, 99);
  assert.equal(targets.get(first!.id)!.generation, 2);
  assert.equal(group!.targets.get(first!.id), first, 'the state before is as it was');
});

test('putting parts in order looks at those alone that the draft has touched', () => {
  const before = twoLoadBalancers();
  const [a, b] = [...before.loadBalancers.values()];
  const unread = new Proxy(b!, { get: (_, part) => assert.fail(`read ${String(part)}`) });
  const loadBalancers = new Map([
    [a!.loadBalancer.id, a!],
    [b!.loadBalancer.id, unread],
  ]);
  const draft = new Draft({ ...before, loadBalancers }, context, EVERY_TENANT);
  const [group] = [...a!.groups.values()];
  const [first, second] = [...group!.targets.values()];
  const early = { ...first!, id: `tgt-${'0'.repeat(first!.id.length - 4)}` };
  draft.adopt('target', early);
  draft.putPartsInOrder();
  const tree = draft.loadBalancers.get(a!.loadBalancer.id)!;
  assert.deepEqual([...tree.groups.get(group!.group.id)!.targets.keys()], [early.id, first!.id, second!.id]);
});

test('a draft without changes, or with changes that change nothing, finishes as the state that it began with', () => {
  const before = twoLoadBalancers();
  const draft = new Draft(before, context);
  const [target] = [...[...[...before.loadBalancers.values()][0]!.groups.values()][0]!.targets.values()];
  assert.equal(updateTarget(draft, target!, { weight: target!.weight }), target);
  assert.equal(draft.finish(), before);
  assert.equal(draft.resultingGeneration, before.generation);
});

test('what was created and removed again is no change', () => {
  const before = twoLoadBalancers();
  const draft = new Draft(before, context);
  const record = draft.create('elasticIp', {
    id: draft.newId('elasticIp'),
    tenantId: draft.tenantId,
    name: 'x',
    address: '127.88.0.9',
    loadBalancerId: null,
    bandwidth: null,
    description: '',
    tags: {},
  });
  draft.remove('elasticIp', record);
  assert.deepEqual(draft.changes, []);
});

test('objects are in order of their identifiers, and every reference is good, after any changes', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const changes = draftContext(random);
    let state = EMPTY_STATE;
    for (let i = 0; i < 150; i++) state = nextState(state, changes, random);
    const sorted = (keys: Iterable<string>) => {
      const ids = [...keys];
      assert.deepEqual(ids, ids.toSorted(), `seed ${seed}`);
    };
    sorted(state.loadBalancers.keys());
    sorted(state.elasticIps.keys());
    for (const { loadBalancer, listeners, services, groups } of state.loadBalancers.values()) {
      for (const part of [listeners, services, groups]) sorted(part.keys());
      for (const { targets } of groups.values()) sorted(targets.keys());
      const { elasticIpId } = loadBalancer;
      if (elasticIpId !== null) assert.equal(state.elasticIps.get(elasticIpId)!.loadBalancerId, loadBalancer.id);
      for (const { backendServiceId, protocol } of listeners.values()) {
        if (backendServiceId !== null) assert.equal(services.get(backendServiceId)!.protocol, protocol);
      }
      for (const { targetGroupId } of services.values())
        if (targetGroupId !== null) assert.ok(groups.has(targetGroupId));
    }
  }
});

test('a draft of one tenant leaves what others have the same object; none of those can be changed in it', () => {
  const first = twoLoadBalancers();
  const other = new Draft(first, context, 'tnt-00000000000000000b');
  createFromDocument(other, { name: 'a' });
  const both = other.finish();
  assert.equal(both.loadBalancers.size, 3);
  for (const [id, tree] of first.loadBalancers) assert.equal(both.loadBalancers.get(id), tree);
  assert.deepEqual([...both.loadBalancers.keys()], [...both.loadBalancers.keys()].toSorted());

  const [own] = [...first.loadBalancers.values()];
  const seen = new Draft(both, context, 'tnt-00000000000000000b');
  assert.equal(seen.loadBalancers.size, 1);
  assert.throws(() => seen.update('loadBalancer', own!.loadBalancer, { description: 'x' }));
});
