import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDelta, planOf } from '@evenkeel/model/plan/delta.ts';
import type { PlanMessage } from '@evenkeel/model/plan/stream.ts';
import { draftContext, nextState, seeded } from '../../test/random-changes.ts';
import { referencesIn } from '../impact/references.ts';
import { drain } from '../placement/duties.ts';
import { isPlacedOn, type NodePlace } from '../placement/place.ts';
import { settled } from '../placement/settle.ts';
import { updateLoadBalancer } from '../resources/load-balancers.ts';
import { Draft, EVERY_TENANT } from '../state/draft.ts';
import { EMPTY_STATE, loadBalancersOf, type State } from '../state/state.ts';
import { type CompiledPlan, compile } from './compile.ts';
import { diffParts } from './parts.ts';
import { planOnNode } from './placed.ts';
import { PlanPublisher } from './publisher.ts';

const NODES: readonly NodePlace[] = ['a', 'b', 'c', 'd'].map((id) => ({ id, zone: '' }));
const present = NODES.map((node) => ({
  ...node,
  gone: false,
  reported: true,
  appliedGeneration: 0,
  refuses: () => false,
}));

function* states(seed: number, steps: number): Generator<State> {
  const random = seeded(seed);
  const context = draftContext(random);
  let state = EMPTY_STATE;
  for (let i = 0; i < steps; i++) {
    const before = state;
    const draft = new Draft(nextState(state, context, random), context, EVERY_TENANT);
    const [one] = loadBalancersOf(draft).filter(() => random() < 0.3);
    if (one !== undefined) updateLoadBalancer(draft, one, { nodesPerZone: random() < 0.7 ? 2 : null });
    const next = draft.finish();
    if (next === before) continue;
    state = { ...next, placement: settled(before, next, present, next.generation) };
    yield state;
  }
}

test('what a node has is a part of the plan, with the same hashes, and with all that it refers to', () => {
  for (let seed = 1; seed <= 5; seed++) {
    for (const state of states(seed, 30)) {
      const whole = compile(state, null);
      for (const node of NODES) {
        const plan = planOnNode(whole, state, node, null);
        const entries = new Map(plan.entries);
        assert.equal(plan.hash, planOf(1, entries.values()).hash);
        for (const [key, entry] of entries) {
          assert.equal(whole.entries.get(key), entry);
          for (const reference of referencesIn(entry)) {
            if (whole.entries.has(reference)) assert.ok(entries.has(reference), `${key} refers to ${reference}`);
          }
        }
      }
    }
  }
});

test('carried on from change to change it is what it is from scratch, and deltas lead from one to the next', () => {
  for (let seed = 11; seed <= 14; seed++) {
    const before = new Map<string, CompiledPlan>();
    let whole: CompiledPlan | null = null;
    const publisher = new PlanPublisher(EMPTY_STATE);
    for (const state of states(seed, 30)) {
      whole = compile(state, whole);
      publisher.publish(state);
      for (const node of NODES) {
        const known = before.get(node.id) ?? null;
        const plan = planOnNode(whole, state, node, known && { plan: known, since: null });
        assert.equal(publisher.planFor(node).hash, plan.hash);
        const scratch = planOnNode(compile(state, null), state, node, null);
        assert.equal(plan.hash, scratch.hash);
        assert.deepEqual([...plan.entries.keys()].sort(), [...scratch.entries.keys()].sort());
        if (known !== null) {
          const base = { ...known, entries: new Map(known.entries) };
          assert.equal(applyDelta(base, diffParts(known, plan))?.hash, plan.hash);
        }
        before.set(node.id, plan);
      }
    }
  }
});

test('a node that has every load balancer has the plan itself', () => {
  const random = seeded(5);
  const context = draftContext(random);
  let state = EMPTY_STATE;
  for (let i = 0; i < 20; i++) state = nextState(state, context, random);
  const whole = compile(state, null);
  assert.equal(planOnNode(whole, state, NODES[0]!, null), whole);
});

test('a node is told what leaves it, and nothing of what does not concern it', () => {
  const made = [...states(21, 40)];
  const first = made.findLast(({ loadBalancers }) => loadBalancers.size > 1)!;
  const context = draftContext(seeded(1));
  const publisher = new PlanPublisher(first);
  const before = publisher.planFor(NODES[0]!);
  assert.equal(publisher.planFor(NODES[0]!), before);
  assert.equal(publisher.recall(NODES[0]!, before.version, before.hash), before);
  const draft = new Draft(first, context, EVERY_TENANT);
  drain(
    draft,
    NODES.map((node) => ({ ...node, connectedAt: 1 })),
    'a',
    { force: true },
  );
  const next = draft.finish();
  publisher.publish({ ...next, placement: { ...next.placement, handovers: new Map() } });
  const after = publisher.planFor(NODES[0]!);
  assert.equal(after.entries.size, 0);
  const message = JSON.parse(publisher.frame(before, after)) as Extract<PlanMessage, { type: 'delta' }>;
  assert.deepEqual([message.upserts.length, message.removes.length], [0, before.entries.size]);
  for (const { loadBalancer } of next.loadBalancers.values()) {
    assert.equal(isPlacedOn(next, loadBalancer, NODES[0]!), false);
  }
});
