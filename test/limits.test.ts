import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Installation } from './product/installation.ts';
import { KeptConnection } from './product/kept-connection.ts';
import { httpOrigin } from './product/origins.ts';

/** From the API through plan, agent and workers to the answer that a client gets, and back into the metrics. */
for (const reactor of ['uring', 'portable'] as const) {
  describe(`limits of a listener on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    test('are changed under a connection that stays, hold on all workers, and are counted', async (t) => {
      await using evenkeel = await Installation.start({ reactor, workers: 2 });
      await using origin = await httpOrigin('origin', (request, response) => {
        request.resume().on('end', () => response.end('ok'));
      });
      const { client } = evenkeel;
      const { address, port } = origin;
      const created = await client.createLoadBalancer({
        body: {
          name: 'web',
          listeners: [
            { protocol: 'http', port: 8080, limits: { bodySize: 10 }, service: { targets: [{ address, port }] } },
          ],
        },
      });
      await evenkeel.applied(created);
      const { items } = await client.listListeners();
      const [listener] = items;
      const change = async (limits: object) => {
        await evenkeel.applied(await client.updateListener({ params: { listenerId: listener!.id }, body: { limits } }));
      };
      assert.equal(listener!.limits.bodySize, 10);
      assert.equal(listener!.limits.minimumRate, 240);
      const url = `http://${created.vip}:8080/`;
      const post = async (length: number) =>
        (await fetch(url, { method: 'POST', body: 'a'.repeat(length), headers: { connection: 'close' } })).status;
      assert.deepEqual([await post(10), await post(11)], [200, 413]);

      const kept = await KeptConnection.open(created.vip, 8080);
      t.after(() => kept.close());
      assert.equal(await kept.ask(), 200);
      await change({ bodySize: null, requestsPerSecond: 1 });
      const statuses = await Promise.all(Array.from({ length: 50 }, () => post(1)));
      const tooMany = statuses.filter((status) => status === 429).length;
      assert.ok(tooMany > 0, statuses.join());
      assert.deepEqual(new Set(statuses), new Set([200, 429]));
      await change({ requestsPerSecond: null, connections: 1 });
      assert.equal(await post(11), 503);
      await change({ connections: null });
      assert.deepEqual([await kept.ask(), await kept.ask(), await post(11)], [200, 200, 200]);
      await change({ sourceRequestsPerSecond: 1, sourceRequestsBurst: 2 });
      const ofOne = await Promise.all(Array.from({ length: 20 }, () => post(1)));
      assert.deepEqual(new Set(ofOne), new Set([200, 429]));
      assert.equal(kept.closed, false);

      const metrics = await evenkeel.metrics();
      const labels = `load_balancer="${created.id}",listener="${listener!.id}"`;
      const counted = (limit: string) => metrics.get(`evenkeel_listener_limited_total{${labels},limit="${limit}"}`);
      assert.deepEqual(['body-size', 'requests-per-second', 'connections'].map(counted), [1, tooMany, 1]);
      assert.equal(counted('source-requests-per-second'), ofOne.filter((status) => status === 429).length);
    });
  });
}
