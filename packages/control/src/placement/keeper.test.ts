import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import { createLoadBalancer } from '../resources/load-balancers.ts';
import { Draft, EVERY_TENANT } from '../state/draft.ts';
import { EMPTY_STATE, loadBalancersOf, type State } from '../state/state.ts';
import type { OperationRecord } from '../store/history.ts';
import type { Store, Write } from '../store/store.ts';
import { cordon, drain } from './duties.ts';
import { PlacementKeeper } from './keeper.ts';
import { hasOrKeeps, isPlacedOn } from './place.ts';
import type { NodeSource } from './presence.ts';

const context = draftContext(seeded(9));

/** A store in memory, three nodes, a clock, and the keeper of their placement. */
class World {
  state: State = EMPTY_STATE;
  now = 1_000_000;
  /** When the control plane has started. */
  since = this.now;
  writes = 0;
  broken = false;
  failures = 0;
  readonly revoked = new Set<string>();
  readonly joined = new Set<string>();
  nodes = ['a', 'b', 'c'].map((id) => ({ id, zone: '', connectedAt: 1, lastSeenAt: 1_000_000, ...KNOWN }));
  readonly keeper = new PlacementKeeper({
    store: this as unknown as Pick<Store, 'state' | 'write'>,
    nodes: nodesOf(this),
    hasJoined: (id) => this.joined.has(id),
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

function nodesOf(world: World): NodeSource {
  return {
    list: () => world.nodes as unknown as NodeStatus[],
    isRevoked: (id) => world.revoked.has(id),
    get since() {
      return world.since;
    },
  };
}

const KNOWN = { appliedGeneration: 0, reported: 'now', refused: [] as RefusedListener[], connections: 0 };
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

test('a node that was gone before the start is no candidate because of it, until it comes', async (t) => {
  const world = new World(t);
  const [gone] = world.nodes;
  Object.assign(gone!, away, { lastSeenAt: 1 });
  const fleet = new Map(world.nodes.map(({ id }) => [id, { id, zone: 'local', gone: id === gone!.id }]));
  world.state = { ...EMPTY_STATE, placement: { ...EMPTY_STATE.placement, fleet } };
  world.change((draft) => createLoadBalancer(draft, { name: 'web', nodesPerZone: 3 }));
  await world.settle();
  assert.deepEqual([world.having(), world.writes], [['b', 'c'], 0]);
  Object.assign(gone!, { connectedAt: world.now, lastSeenAt: world.now });
  await world.settle();
  assert.deepEqual(world.having(), ['a', 'b', 'c']);
  Object.assign(gone!, away);
  await world.settle();
  assert.deepEqual(world.having(), ['a', 'b', 'c'], 'from now on it has its time again');
  world.revoked.add('a');
  await world.settle();
  assert.deepEqual(world.having(), ['b', 'c'], 'one that was revoked does not come back');
});

/** One load balancer with a listener on every node, of which `a` is drained; and the operation. */
function drained(world: World, deadline: number): OperationRecord {
  world.change((draft) => {
    const { id: loadBalancerId } = createLoadBalancer(draft, { name: 'web' });
    const listener = { id: 'lsn-1', loadBalancerId, enabled: true, backendServiceId: null, ruleGroupId: null };
    draft.create('listener', { ...listener, name: 'l', protocol: 'tcp', port: 1 } as never);
  });
  let since = 0;
  world.change((draft) => {
    since = drain(draft, world.nodes, 'a', { deadline }).drain!.since;
  });
  world.now = since;
  for (const node of world.nodes) node.lastSeenAt = since;
  const { generation } = world.state.duties.get('a')!;
  const resources = [{ kind: 'node' as const, id: 'a', name: 'a' }];
  return { action: 'drainNode', resources, generation, listeners: [] as string[] } as unknown as OperationRecord;
}

test('a drain has not ended because its node is out of sight: it is back, gone for two minutes, or out of time', async (t) => {
  const world = new World(t);
  const operation = drained(world, 600);
  world.acknowledge();
  await world.settle();
  const [a] = world.nodes;
  Object.assign(a!, away, { appliedGeneration: world.state.generation });
  assert.equal(world.keeper.isUnfinished(operation), true);
  world.now += 119_999;
  assert.equal(world.keeper.isUnfinished(operation), true);
  Object.assign(a!, { connectedAt: 1, connections: 1 });
  assert.equal(world.keeper.isUnfinished(operation), true);
  Object.assign(a!, { connections: 0 });
  assert.equal(world.keeper.isUnfinished(operation), false);
  Object.assign(a!, away);
  world.now++;
  assert.equal(world.keeper.isUnfinished(operation), false, 'gone');
  a!.lastSeenAt = world.now + 400_000;
  assert.equal(world.keeper.isUnfinished(operation), true);
  world.now += 480_000;
  assert.equal(world.keeper.isUnfinished(operation), false, 'the deadline');
  assert.deepEqual(world.keeper.refusalsOf(operation), []);
});

test('a drain that nobody takes over ends with its deadline, refused; what the node has stays there', async (t) => {
  const world = new World(t);
  const operation = drained(world, 60);
  world.acknowledge();
  const [, b, c] = world.nodes;
  Object.assign(b!, { refused: [{ listenerId: 'lsn-1', code: 'address-in-use', detail: '' }] });
  Object.assign(c!, away);
  await world.settle();
  world.now += 59_999;
  assert.equal(world.keeper.isUnfinished(operation), true);
  world.now++;
  assert.equal(world.keeper.isUnfinished(operation), false);
  const reasons = world.keeper.refusalsOf(operation).map(({ node, listenerId, detail }) => [node, listenerId, detail]);
  assert.deepEqual(reasons, [
    ['b', 'lsn-1', 'the node refuses it; until it runs there, node a goes on with it'],
    ['c', 'lsn-1', 'the node is not connected; until it runs there, node a goes on with it'],
  ]);
  assert.deepEqual(world.having(hasOrKeeps), ['a', 'b', 'c']);
  b!.refused = [];
  await world.settle();
  assert.deepEqual([world.having(hasOrKeeps), world.keeper.refusalsOf(operation)], [['b', 'c'], []]);
});

test('others are waited for until the deadline of a drain, and a minute at least; not when another drain has come', (t) => {
  const world = new World(t);
  const short = drained(world, 0);
  assert.equal(world.keeper.deadlineOf(short), world.now + 60_000);
  world.change((draft) => void drain(draft, world.nodes, 'a', { deadline: 90 }));
  const long = { ...short, generation: world.state.duties.get('a')!.generation };
  const { since } = world.state.duties.get('a')!.drain!;
  assert.deepEqual([world.keeper.deadlineOf(short), world.keeper.deadlineOf(long)], [null, since + 90_000]);
  assert.equal(world.keeper.deadlineOf({ ...long, action: 'cordonNode' }), null);
});

test('nodes have a minute to come after a start that a drain waits for, though its deadline is over', (t) => {
  const world = new World(t);
  const operation = drained(world, 60);
  world.acknowledge();
  for (const node of world.nodes) Object.assign(node, away, { reported: 'never' });
  world.now += 500_000;
  world.since = world.now;
  assert.equal(world.keeper.deadlineOf(operation), world.now + 60_000);
  world.now += 59_999;
  assert.equal(world.keeper.isUnfinished(operation), true);
  world.now++;
  assert.equal(world.keeper.isUnfinished(operation), false);
  assert.match(world.keeper.refusalsOf(operation)[0]!.detail, /is not connected/);
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

test('a node that has joined and never came is taken out of use before it comes; a drain of it has nothing to wait for', async (t) => {
  const world = new World(t);
  world.joined.add('new');
  const known = [...world.nodes, { id: 'new', zone: '', connectedAt: null, isUnseen: true }];
  world.change((draft) => createLoadBalancer(draft, { name: 'web' }));
  world.change((draft) => void cordon(draft, known, 'new'));
  await world.settle();
  assert.equal(world.state.duties.get('new')?.duty, 'cordoned', 'it is no node that was forgotten');
  world.nodes.push({ ...world.nodes[0]!, id: 'new' });
  assert.deepEqual(world.having(), ['a', 'b', 'c'], 'it had nothing to keep');
  world.nodes.pop();
  world.change((draft) => void drain(draft, known, 'new', {}));
  const { generation } = world.state.duties.get('new')!;
  const resources = [{ kind: 'node' as const, id: 'new', name: 'new' }];
  const operation = { action: 'drainNode', resources, generation } as unknown as OperationRecord;
  assert.deepEqual(
    [world.keeper.drainageBy(operation)?.state, world.keeper.isUnfinished(operation)],
    ['drained', false],
  );
  world.joined.delete('new');
  await world.settle();
  assert.equal(world.state.duties.size, 0);
});
