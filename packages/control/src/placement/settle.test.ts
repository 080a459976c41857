import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createLoadBalancer, deleteLoadBalancer, updateLoadBalancer } from '../resources/load-balancers.ts';
import { Draft, EVERY_TENANT } from '../state/draft.ts';
import { EMPTY_STATE, loadBalancersOf, type State } from '../state/state.ts';
import { drain, uncordon } from './duties.ts';
import { awaitedBy, type PresentNode } from './handover.ts';
import { hasOrKeeps, isPlacedOn } from './place.ts';
import { settled, withoutFinished } from './settle.ts';

const context = draftContext(seeded(3));
const node = (id: string, fields: Partial<PresentNode> = {}): PresentNode => ({
  ...{ id, zone: '', gone: false, reported: true, appliedGeneration: 0, refuses: () => false },
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

/** A load balancer with a listener on every node, and the state when the first is drained. */
function drainedEverywhere(nodes: readonly PresentNode[], force = false): { state: State; id: string } {
  const before = changed(EMPTY_STATE, nodes, (draft) => {
    const { id: loadBalancerId } = createLoadBalancer(draft, { name: 'web' });
    const listener = { id: 'lsn-1', loadBalancerId, enabled: true, backendServiceId: null, ruleGroupId: null };
    draft.create('listener', { ...listener, name: 'l', protocol: 'tcp', port: 1 } as never);
  });
  const there = nodes.map((one) => ({ ...one, connectedAt: 1 }));
  const state = changed(before, nodes, (draft) => drain(draft, there, nodes[0]!.id, { force }));
  return { state, id: [...state.loadBalancers.keys()][0]! };
}

test('a drained node lets go of what is on all nodes when one of its zone is known to run it', () => {
  const { state, id } = drainedEverywhere(NODES);
  const { generation } = state;
  const after = (fields: Partial<PresentNode>, others: Partial<PresentNode> = fields) => {
    const nodes = NODES.map((one) => node(one.id, one.id === 'b' ? fields : others));
    return hasIt({ ...state, placement: withoutFinished(state, nodes, generation + 1) }, id);
  };
  const all = ['a', 'b', 'c', 'd'];
  assert.deepEqual(hasIt(state, id), all);
  assert.deepEqual(after({ appliedGeneration: generation - 1 }), all, 'they may not have it yet');
  assert.deepEqual(after({ appliedGeneration: generation, refuses: () => true }), all);
  assert.deepEqual(after({ appliedGeneration: generation, reported: false }), all, 'what they refuse is not known');
  const late = { appliedGeneration: 0, reported: false };
  assert.deepEqual(after({ appliedGeneration: generation }, late), ['b', 'c', 'd'], 'one is enough');
  const elsewhere = NODES.map((one) =>
    node(one.id, { appliedGeneration: generation, zone: one.id === 'a' || one.id === 'b' ? '' : 'other' }),
  );
  const [away, b] = [elsewhere.slice(2), { ...elsewhere[1]!, reported: false }];
  const held = withoutFinished(state, [elsewhere[0]!, b, ...away], generation + 1);
  assert.equal(held, state.placement, 'nodes of other zones do not count');
});

test('nobody waits for nodes that are gone while others are left; a drain by force waits for none that is', () => {
  const { state, id } = drainedEverywhere(NODES);
  const awaited = (nodes: readonly PresentNode[], of = state) =>
    awaitedBy('a', of.placement.handovers.get(id)!, of.loadBalancers.get(id)!, of, nodes);
  const without = (gone: readonly string[]) =>
    NODES.map((one) => node(one.id, gone.includes(one.id) ? { gone: true, reported: false } : {}));
  assert.deepEqual(awaited(without([])), ['b', 'c', 'd']);
  assert.deepEqual(awaited(without(['b'])), ['c', 'd']);
  assert.deepEqual(awaited(without(['b', 'c', 'd'])), ['b', 'c', 'd'], 'what nobody else has is kept');
  const alone = without(['b', 'c', 'd']);
  assert.equal(drainedEverywhere(alone, true).state.placement.handovers.size, 0);

  const zones = [
    node('a', { zone: 'local' }),
    node('b', { zone: 'other' }),
    node('dead', { zone: 'other', gone: true }),
  ];
  const before = changed(EMPTY_STATE, zones, (draft) => {
    draft.create('zone', { id: draft.newId('zone'), name: 'other', region: 'local', description: '', tags: {} });
    createLoadBalancer(draft, { name: 'web', zones: ['local'] });
  });
  const [loadBalancer] = loadBalancersOf(before);
  const moved = changed(before, zones, (draft) => updateLoadBalancer(draft, loadBalancer!, { zones: ['other'] }));
  assert.deepEqual(moved.placement.handovers.get(loadBalancer!.id)?.to, ['b', 'dead']);
  const done = zones.map((one) => (one.id === 'b' ? { ...one, appliedGeneration: moved.generation } : one));
  assert.equal(withoutFinished(moved, done, moved.generation + 1).handovers.size, 0);
});

test('without a change it is the same object', () => {
  const { state } = withTwo();
  assert.equal(settled(state, state, NODES, 9), state.placement);
});
