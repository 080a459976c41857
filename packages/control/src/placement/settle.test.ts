import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createLoadBalancer, deleteLoadBalancer, updateLoadBalancer } from '../resources/load-balancers.ts';
import { Draft, EVERY_TENANT } from '../state/draft.ts';
import { EMPTY_STATE, loadBalancersOf, type State } from '../state/state.ts';
import { drain, uncordon } from './duties.ts';
import { hasOrKeeps, isPlacedOn } from './place.ts';
import { type PresentNode, settled, withoutFinished } from './settle.ts';

const context = draftContext(seeded(3));
const node = (id: string, fields: Partial<PresentNode> = {}): PresentNode => ({
  ...{ id, zone: '', gone: false, appliedGeneration: 0, refuses: () => false },
  ...fields,
});
const NODES = ['a', 'b', 'c', 'd'].map((id) => node(id));
const known = NODES.map((one) => ({ ...one, connectedAt: 1 }));

/** The state after a change, as the store makes it. */
function changed(base: State, nodes: readonly PresentNode[], change: (draft: Draft) => void): State {
  const draft = new Draft(base, context, base.loadBalancers.size === 0 ? undefined : EVERY_TENANT);
  change(draft);
  const next = draft.finish();
  return { ...next, placement: settled(base, next, nodes, next.generation) };
}

const hasIt = (state: State, id: string, nodes = NODES) => {
  const { loadBalancer } = state.loadBalancers.get(id)!;
  return nodes.filter((one) => hasOrKeeps(state, loadBalancer, one)).map((one) => one.id);
};
const isFor = (state: State, id: string, nodes = NODES) => {
  const { loadBalancer } = state.loadBalancers.get(id)!;
  return nodes.filter((one) => isPlacedOn(state, loadBalancer, one)).map((one) => one.id);
};

function withTwo(nodes = NODES): { state: State; id: string } {
  const state = changed(EMPTY_STATE, nodes, (draft) => createLoadBalancer(draft, { name: 'web', nodesPerZone: 2 }));
  return { state, id: [...state.loadBalancers.keys()][0]! };
}

test('nothing is said of nodes while every load balancer is on all of them', () => {
  const state = changed(EMPTY_STATE, NODES, (draft) => createLoadBalancer(draft, { name: 'web' }));
  assert.equal(state.placement, EMPTY_STATE.placement);
  assert.deepEqual(hasIt(state, [...state.loadBalancers.keys()][0]!), ['a', 'b', 'c', 'd']);
});

test('a load balancer is on a number of nodes as soon as it is created', () => {
  const { state, id } = withTwo();
  assert.equal(hasIt(state, id).length, 2);
  assert.deepEqual([...state.placement.fleet.keys()], ['a', 'b', 'c', 'd']);
  assert.equal(state.placement.handovers.size, 0);
});

test('a node that is drained keeps a load balancer until the one that takes over has acknowledged it', () => {
  const { state, id } = withTwo();
  const [first, second] = isFor(state, id) as [string, string];
  const draining = changed(state, NODES, (draft) => drain(draft, known, first, {}));
  const [taker] = isFor(draining, id).filter((name) => name !== second);
  assert.ok(taker !== undefined && taker !== first);
  assert.deepEqual(hasIt(draining, id).sort(), [first, second, taker].sort());
  const { generation } = draining;
  assert.deepEqual(draining.placement.handovers.get(id), { from: [first], to: [taker], generation });

  const tooEarly = NODES.map((one) => node(one.id, { appliedGeneration: generation - 1 }));
  assert.equal(withoutFinished(draining, tooEarly, generation + 1), draining.placement);
  const refusing = NODES.map((one) => node(one.id, { appliedGeneration: generation, refuses: () => true }));
  assert.equal(withoutFinished(draining, refusing, generation + 1).handovers.size, 0, 'it has no listener to refuse');
  const done = NODES.map((one) => node(one.id, { appliedGeneration: generation }));
  const placement = withoutFinished(draining, done, generation + 1);
  assert.equal(placement.generation, generation + 1);
  assert.deepEqual(hasIt({ ...draining, placement }, id).sort(), [second, taker].sort());
});

test('one that comes back before that is not left at all', () => {
  const { state, id } = withTwo();
  const before = hasIt(state, id);
  const draining = changed(state, NODES, (draft) => drain(draft, known, before[0]!, {}));
  const again = changed(draining, NODES, (draft) => uncordon(draft, known, before[0]!));
  assert.deepEqual(isFor(again, id), before);
  // The one that was to take over keeps it until the one that came back has acknowledged it: it may have let go.
  const handover = again.placement.handovers.get(id)!;
  assert.deepEqual(handover.to, [before[0]]);
});

test('what was on all nodes is left at once by those that it does not want any more', () => {
  const state = changed(EMPTY_STATE, NODES, (draft) => createLoadBalancer(draft, { name: 'web' }));
  const [loadBalancer] = loadBalancersOf(state);
  const after = changed(state, NODES, (draft) => updateLoadBalancer(draft, loadBalancer!, { nodesPerZone: 2 }));
  assert.equal(hasIt(after, loadBalancer!.id).length, 2);
  assert.equal(after.placement.handovers.size, 0);
});

test('a load balancer that changes its zone has a handover, whether or not it wants a number of nodes', () => {
  const nodes = [node('a', { zone: 'local' }), node('b', { zone: 'other' })];
  const state = changed(EMPTY_STATE, nodes, (draft) => {
    draft.create('zone', { id: draft.newId('zone'), name: 'other', region: 'local', description: '', tags: {} });
    createLoadBalancer(draft, { name: 'web', zones: ['local'] });
  });
  const [loadBalancer] = loadBalancersOf(state);
  const after = changed(state, nodes, (draft) => updateLoadBalancer(draft, loadBalancer!, { zones: ['other'] }));
  const { generation } = after;
  assert.deepEqual(after.placement.handovers.get(loadBalancer!.id), { from: ['a'], to: ['b'], generation });
  const gone = changed(after, nodes, (draft) => deleteLoadBalancer(draft, loadBalancersOf(draft).toArray()[0]!));
  assert.equal(gone.placement.handovers.size, 0);
});

test('nodes that are forgotten or gone hold up no handover', () => {
  const { state, id } = withTwo();
  const [first] = isFor(state, id);
  const draining = changed(state, NODES, (draft) => drain(draft, known, first!, {}));
  const [taker] = draining.placement.handovers.get(id)!.to;
  const others = NODES.map((one) => (one.id === taker ? { ...one, gone: true } : one));
  const placement = settled(draining, draining, others, draining.generation + 1);
  const next = placement.handovers.get(id)!;
  assert.deepEqual([next.to.includes(taker!), next.to.length], [false, 1]);
  const without = NODES.filter((one) => one.id !== first);
  assert.equal(settled(draining, draining, without, draining.generation + 1).handovers.has(id), false);
});

test('without a change it is the same object', () => {
  const { state } = withTwo();
  assert.equal(settled(state, state, NODES, 9), state.placement);
});
