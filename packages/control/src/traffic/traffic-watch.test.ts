import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORES } from '../../test/stores.ts';
import { listIdleLoadBalancers } from '../api/idle.ts';
import { createFromDocument } from '../configuration/apply.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { TrafficWatch } from './traffic-watch.ts';

const DAY = 86_400_000;

for (const kind of STORES) {
  test(`a load balancer that carries nothing for days is idle, also over a start (${kind.name})`, {
    skip: kind.skip,
  }, async (t) => {
    let now = Date.UTC(2026, 0, 1);
    const place = await kind.make(t);
    const store = await place.open(t, { now: () => now });
    const service = { targets: [{ address: '10.0.0.1' }] };
    for (const name of ['quiet', 'busy']) {
      const run = (draft: Parameters<typeof createFromDocument>[0]) =>
        createFromDocument(draft, { name, listeners: [{ protocol: 'http', port: 80, service }] });
      await store.write({ action: 'createLoadBalancer', actor: 'admin', requestId: '', run });
    }
    const busy = [...store.state.loadBalancers.values()].find(({ loadBalancer }) => loadBalancer.name === 'busy')!;
    let bytesSent = 0;
    let answers: (node: string) => unknown = () => ({
      loadBalancers: [
        { loadBalancerId: busy.loadBalancer.id, connections: 1, bytesReceived: 0, bytesSent: bytesSent++ },
        { loadBalancerId: 'lb-nobody-has', connections: 1, bytesReceived: 0, bytesSent: bytesSent },
      ],
    });
    const node = { id: 'n-1', zone: '', connectedAt: 1, firstSeenAt: 0 } as NodeStatus;
    const begin = () => {
      const watch = new TrafficWatch(() => now);
      const questions = { ask: async (id: string) => answers(id) as never };
      watch.watch({ store, nodes: { list: () => [node], isRevoked: () => false }, questions });
      return watch;
    };
    const idle = (watch: TrafficWatch, query = {}) =>
      listIdleLoadBalancers({ query, state: store.state } as never, watch.quietSince, now).items.map(
        ({ name, reason, quietSince }) => [name, reason, quietSince],
      );
    const watchFor = async (watch: TrafficWatch, milliseconds: number) => {
      for (const end = now + milliseconds; now < end; now += DAY / 24 / 8) await watch.look();
    };
    const watch = begin();
    const since = new Date(now).toISOString();
    await watchFor(watch, 4 * DAY);
    await watch.save();
    const after = begin();
    assert.deepEqual(idle(after, { days: 1 }), [], 'nobody has looked yet');
    await watchFor(after, 3 * DAY - DAY / 24);
    assert.deepEqual(idle(after), []);
    await watchFor(after, DAY / 12);
    assert.deepEqual(idle(after), [['quiet', 'no-traffic', since]]);
    assert.deepEqual(idle(after, { reason: 'no-targets' }), []);
    assert.deepEqual(idle(after, { reason: 'no-traffic', days: 0 }).length, 1);
    assert.deepEqual(idle(after, { days: 8 }), []);
    answers = () => ({ loadBalancers: [{ loadBalancerId: 1 }] });
    await watchFor(after, DAY / 24);
    assert.deepEqual(idle(after), [], 'a node that makes no sense says nothing');
  });
}

test('nodes are asked one after the other, however many there are within half a minute', async () => {
  const nodes = Array.from({ length: 300 }, (_, i) => ({ id: `n-${i}`, connectedAt: 1, firstSeenAt: 0 }) as NodeStatus);
  let there = nodes.slice(0, 3);
  const pauses: number[] = [];
  const asked: string[] = [];
  const watch = new TrafficWatch(
    () => 0,
    async (milliseconds) => {
      pauses.push(milliseconds);
      if (milliseconds === 20_000) watch.end();
    },
  );
  watch.watch({
    store: { state: EMPTY_STATE, read: async () => undefined as never, record: async () => {} },
    nodes: { list: () => there, isRevoked: () => false },
    questions: { ask: async (id: string) => asked.push(id) as never },
  });
  await watch.look();
  assert.deepEqual(
    [asked, pauses.splice(0)],
    [
      ['n-0', 'n-1', 'n-2'],
      [1_000, 2_000],
    ],
  );
  there = nodes;
  await watch.look();
  assert.deepEqual([pauses.length, pauses[0], pauses.at(-1)], [299, 100, 29_900]);
  assert.ok(asked.length < 300, 'who leads no more asks nobody');
});
