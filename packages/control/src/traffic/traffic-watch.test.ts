import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORES } from '../../test/stores.ts';
import { listIdleLoadBalancers } from '../api/idle.ts';
import { createFromDocument } from '../configuration/apply.ts';
import type { NodeStatus } from '../nodes/registry.ts';
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
    const node = { id: 'n-1', zone: '', connectedAt: 1 } as NodeStatus;
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
