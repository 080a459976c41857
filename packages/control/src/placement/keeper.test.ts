import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { draftContext, seeded } from '../../test/random-changes.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import { createLoadBalancer } from '../resources/load-balancers.ts';
import { Draft, EVERY_TENANT } from '../state/draft.ts';
import { EMPTY_STATE, loadBalancersOf, type State } from '../state/state.ts';
import type { Store, Write } from '../store/store.ts';
import { drain } from './duties.ts';
import { PlacementKeeper } from './keeper.ts';
import { hasOrKeeps, isPlacedOn } from './place.ts';

const context = draftContext(seeded(9));

/** A store in memory, three nodes, a clock, and the keeper of their placement. */
class World {
  state: State = EMPTY_STATE;
  now = 1_000_000;
  writes = 0;
  broken = false;
  failures = 0;
  nodes = ['a', 'b', 'c'].map((id) => ({ id, zone: '', connectedAt: 1, lastSeenAt: 1_000_000, ...KNOWN }));
  readonly keeper = new PlacementKeeper({
    store: this as unknown as Pick<Store, 'state' | 'write'>,
    nodes: () => this.nodes as unknown as NodeStatus[],
    now: () => this.now,
    draining: () => {},
    failed: () => this.failures++,
  });

  constructor(t: TestContext) {
    t.after(() => this.keeper.end());
    this.keeper.begin();
  }

  change(run: (draft: Draft) => void): void {
    const first = this.state.loadBalancers.size === 0;
    const draft = new Draft(this.state, context, first ? undefined : EVERY_TENANT);
    run(draft);
    this.state = this.keeper.place(this.state, draft.finish());
  }

  async write({ run }: Write<unknown>): Promise<void> {
    this.writes++;
    if (this.broken) throw new Error('the disk is full');
    this.change(run);
  }

  /** What has come of it when nothing is under way any more. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      this.keeper.tick();
      await setImmediate();
      await this.keeper.idle();
    }
  }

  acknowledge(): void {
    for (const node of this.nodes) if (node.connectedAt !== null) node.appliedGeneration = this.state.generation;
  }

  having(test = isPlacedOn): string[] {
    const [loadBalancer] = loadBalancersOf(this.state);
    return this.nodes.filter((node) => test(this.state, loadBalancer!, node)).map(({ id }) => id);
  }
}

const KNOWN = { appliedGeneration: 0, refused: [], connections: 0 };
const away = { connectedAt: null as unknown as number };

test('a node that is away for two minutes is replaced, and has its share again when it is back', async (t) => {
  const world = new World(t);
  world.change((draft) => createLoadBalancer(draft, { name: 'web', nodesPerZone: 2 }));
  const before = world.having();
  const lost = world.nodes.find(({ id }) => id === before[0])!;
  Object.assign(lost, away);
  world.now += 119_999;
  await world.settle();
  assert.deepEqual([world.having(), world.writes], [before, 0]);
  world.now++;
  await world.settle();
  assert.equal(world.having().includes(lost.id), false);
  assert.deepEqual(world.having(hasOrKeeps), ['a', 'b', 'c'], 'it may be there, and only out of sight');
  world.acknowledge();
  await world.settle();
  assert.equal(world.having(hasOrKeeps).length, 2);
  lost.connectedAt = world.now;
  await world.settle();
  assert.deepEqual(world.having(), before);
});

test('after a start, nodes have their time to come, however long ago they were seen', async (t) => {
  const world = new World(t);
  for (const node of world.nodes) Object.assign(node, away, { lastSeenAt: 1 });
  world.change((draft) => createLoadBalancer(draft, { name: 'web', nodesPerZone: 2 }));
  await world.settle();
  assert.equal(world.having().length, 2);
  world.now += 120_000;
  await world.settle();
  assert.deepEqual(world.having(), []);
});

test('nothing is written while every load balancer is on all nodes, whatever becomes of these', async (t) => {
  const world = new World(t);
  world.change((draft) => createLoadBalancer(draft, { name: 'web' }));
  Object.assign(world.nodes[0]!, away);
  world.now += 500_000;
  await world.settle();
  world.nodes.pop();
  await world.settle();
  assert.equal(world.writes, 0);
});

test('a change that cannot be written is tried again; a handover waits for listeners that are refused', async (t) => {
  const world = new World(t);
  world.change((draft) => {
    const { id: loadBalancerId } = createLoadBalancer(draft, { name: 'web', nodesPerZone: 2 });
    const listener = { id: 'lsn-1', loadBalancerId, enabled: true, backendServiceId: null, ruleGroupId: null };
    draft.create('listener', { ...listener, name: 'l', protocol: 'tcp', port: 1 } as never);
  });
  const [first] = world.having();
  world.change((draft) => void drain(draft, world.nodes, first!, {}));
  const [taker] = world.state.placement.handovers.values().next().value!.to;
  const node = world.nodes.find(({ id }) => id === taker)!;
  world.acknowledge();
  Object.assign(node, { refused: [{ listenerId: 'lsn-1', code: 'address-in-use', detail: '' }] });
  await world.settle();
  assert.equal(world.having(hasOrKeeps).length, 3);
  Object.assign(node, { refused: [] });
  world.broken = true;
  await world.settle();
  assert.deepEqual([world.having(hasOrKeeps).length, world.failures > 0], [3, true]);
  world.broken = false;
  await world.settle();
  assert.equal(world.having(hasOrKeeps).includes(first!), false);
});

test('a node that is forgotten is out of use no longer', async (t) => {
  const world = new World(t);
  world.change((draft) => createLoadBalancer(draft, { name: 'web' }));
  world.change((draft) => void drain(draft, world.nodes, 'b', {}));
  world.nodes = world.nodes.filter(({ id }) => id !== 'b');
  await world.settle();
  assert.equal(world.state.duties.size, 0);
});
