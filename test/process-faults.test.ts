import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError } from '@evenkeel/client/errors.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Installation } from './product/installation.ts';
import { KeptConnection } from './product/kept-connection.ts';
import { Newcomers } from './product/newcomers.ts';
import { httpOrigin, type Origin } from './product/origins.ts';
import { versionOnDisk } from './product/plan-on-disk.ts';
import { ask, Traffic } from './product/traffic.ts';
import { until } from './product/until.ts';
import { BOMB, bombEnvironment, TRAP } from './product/worker-bomb.ts';

/** The processes of the product die without a word while it serves. */

const CLIENTS = 8;

async function createLoadBalancer(evenkeel: Installation, origin: Origin) {
  const { address, port } = origin;
  const service = { targets: [{ address, port }], healthCheck: { interval: 1, timeout: 1 } };
  const created = await evenkeel.client.createLoadBalancer({
    body: { name: 'web', listeners: [{ name: 'web', protocol: 'http', port: 8080, service }] },
  });
  await evenkeel.applied(created);
  const idOf = (kind: string) => created.created.find((object) => object.kind === kind)?.id ?? '';
  return { id: created.id, vip: created.vip, service: idOf('backendService'), listener: idOf('listener') };
}

/** Creates listeners one after the other until the API is gone. Resolves with the ports that it has acknowledged. */
async function createListeners(evenkeel: Installation, loadBalancerId: string, backendServiceId: string) {
  const acknowledged: number[] = [];
  for (let port = 9001; port <= 9040; port++) {
    try {
      await evenkeel.client.createListener({ body: { loadBalancerId, protocol: 'http', port, backendServiceId } });
      acknowledged.push(port);
    } catch (error) {
      if (error instanceof ConnectionError) break;
      throw error;
    }
  }
  return acknowledged;
}

test('kill -9 of the control plane: no request fails, nothing acknowledged is lost, later changes reach traffic', async (t) => {
  await using origin = await httpOrigin('one');
  await using other = await httpOrigin('two');
  await using evenkeel = await Installation.start();
  const { id, vip, service } = await createLoadBalancer(evenkeel, origin);
  const traffic = new Traffic(`http://${vip}:8080/`, CLIENTS);
  t.after(() => traffic.stop());

  const writes = createListeners(evenkeel, id, service);
  await until('the writer is busy', async () => (await evenkeel.client.listListeners()).items.length >= 6);
  await evenkeel.control.kill();
  const acknowledged = await writes;
  assert.ok(acknowledged.length >= 3, 'it was killed between writes');
  const before = traffic.answered;
  await until('traffic goes on without it', () => traffic.answered >= before + 200);

  await evenkeel.startControl();
  const { items } = await evenkeel.client.listListeners({ query: { limit: 500 } });
  const there = new Set(items.map(({ port }) => port));
  assert.deepEqual(
    acknowledged.filter((port) => !there.has(port)),
    [],
    'acknowledged and lost',
  );
  for (const port of acknowledged) {
    await until(`the listener on ${port} serves`, async () => (await ask(`http://${vip}:${port}/`)) === 200);
  }
  const { items: groups } = await evenkeel.client.listTargetGroups();
  const targetGroupId = groups[0].id;
  const { items: targets } = await evenkeel.client.listTargets({ params: { targetGroupId } });
  const body = { targets: [{ address: other.address, port: other.port }] };
  await evenkeel.applied(await evenkeel.client.registerTargets({ params: { targetGroupId }, body }));
  await until('the new target has traffic', () => other.count > 20);
  await evenkeel.applied(
    await evenkeel.client.deregisterTarget({ params: { targetGroupId, targetId: targets[0].id } }),
  );
  await traffic.stop();
  assert.deepEqual(traffic.failures, []);
  t.diagnostic(`${traffic.answered} requests; ${acknowledged.length} acknowledged writes before the kill`);
});

test('kill -9 of the agent with no control plane: the plan on its disk serves everything acknowledged', async (t) => {
  await using origin = await httpOrigin('one');
  await using evenkeel = await Installation.start();
  const { id, vip, service } = await createLoadBalancer(evenkeel, origin);
  const { client } = evenkeel;
  const ports = [8080];
  for (let port = 8081; port <= 8090; port++) {
    await client.createListener({ body: { loadBalancerId: id, protocol: 'http', port, backendServiceId: service } });
    ports.push(port);
  }
  const last = await client.updateLoadBalancer({ params: { loadBalancerId: id }, body: { name: 'renamed' } });
  await evenkeel.applied(last);
  await until('the plan is on disk', () => versionOnDisk(evenkeel.home) >= last.generation);
  const traffic = new Traffic(`http://${vip}:8080/`, CLIENTS);
  t.after(() => traffic.stop());
  await until('traffic flows', () => traffic.answered > 100);

  await Promise.all([evenkeel.control.kill(), evenkeel.agent.kill()]);
  const [killed, before] = [traffic.lastAnswer, traffic.answered];
  const restart = performance.now();
  await evenkeel.startAgent();
  await until('traffic flows again', () => traffic.answered > before);
  t.diagnostic(
    `served again ${Math.round(performance.now() - restart)} ms after its start, ` +
      `${Math.round(performance.now() - killed)} ms after the last answer`,
  );
  assert.deepEqual(
    await Promise.all(ports.map((port) => ask(`http://${vip}:${port}/`))),
    ports.map(() => 200),
  );
  const lost = traffic.failures.length;
  const since = traffic.answered;
  await until('it goes on', () => traffic.answered > since + 200);
  assert.equal(traffic.failures.length, lost, 'no request fails once it serves again');

  await evenkeel.startControl();
  const body = { loadBalancerId: id, protocol: 'http' as const, port: 8091, backendServiceId: service };
  await evenkeel.applied(await evenkeel.client.createListener({ body }));
  assert.equal(await ask(`http://${vip}:8091/`), 200);
});

const CONNECTIONS = 40;

/** The sum of a metric over all its label sets. */
function total(metrics: ReadonlyMap<string, number>, name: string): number {
  return metrics
    .entries()
    .filter(([key]) => key === name || key.startsWith(`${name}{`))
    .reduce((sum, [, value]) => sum + value, 0);
}

for (const reactor of ['uring', 'portable'] as const) {
  test(`a worker throws: only its own connections are lost, and it is replaced (${reactor})`, {
    skip: requiresReactor(reactor),
  }, async (t) => {
    await using origin = await httpOrigin('one');
    await using evenkeel = await Installation.start({ reactor, workers: 2, agentEnvironment: bombEnvironment });
    const { vip, listener } = await createLoadBalancer(evenkeel, origin);
    const open = () => Promise.all(Array.from({ length: CONNECTIONS }, () => KeptConnection.open(vip, 8080)));
    const first = await open();
    t.after(() => first.map((connection) => connection.close()));
    assert.deepEqual(
      new Set(await Promise.all(first.map((connection) => connection.ask()))),
      new Set([200]),
      'before the fault',
    );

    const change = await evenkeel.client.updateListener({ params: { listenerId: listener }, body: { name: BOMB } });
    await until('connections of the worker are closed', () => first.some(({ closed }) => closed));
    await evenkeel.applied(change);
    const survivors = first.filter(({ closed }) => !closed);
    assert.ok(survivors.length > 0, 'the connections of the other worker are open');
    assert.deepEqual(
      new Set(await Promise.all(survivors.map((connection) => connection.ask()))),
      new Set([200]),
      'the other worker serves on',
    );
    const during = await open();
    t.after(() => during.map((connection) => connection.close()));
    assert.deepEqual(new Set(await Promise.all(during.map((connection) => connection.ask()))), new Set([200]));

    const later: KeptConnection[] = [];
    t.after(() => later.map((connection) => connection.close()));
    await until('the worker is replaced, and has new connections', async () => {
      const connection = await KeptConnection.open(vip, 8080);
      later.push(connection);
      assert.equal(await connection.ask(), 200);
      return Number((await evenkeel.metrics()).get('evenkeel_worker_open_connections{worker="0"}')) > 5;
    });
    const alive = survivors.length + during.length + later.length;
    await until('the counters are right', async () => {
      return total(await evenkeel.metrics(), 'evenkeel_listener_active_connections') === alive;
    });
    const metrics = await evenkeel.metrics();
    assert.equal(metrics.get('evenkeel_worker_deaths_total'), 1);
    assert.equal(total(metrics, 'evenkeel_listener_active_requests'), 0);
    assert.equal(total(metrics, 'evenkeel_target_active_requests'), 0);
    assert.ok(
      evenkeel.agent.log.some((line) => line.includes('boom')),
      'the log has the error',
    );
    t.diagnostic(`${first.length - survivors.length} of ${first.length} connections were lost`);
  });

  test(`a worker hangs: it is ended with its connections and replaced, and nothing is refused (${reactor})`, {
    skip: requiresReactor(reactor),
  }, async (t) => {
    await using origin = await httpOrigin('one');
    await using evenkeel = await Installation.start({ reactor, workers: 2, agentEnvironment: bombEnvironment });
    const { vip, listener } = await createLoadBalancer(evenkeel, origin);
    const first = await Promise.all(Array.from({ length: CONNECTIONS }, () => KeptConnection.open(vip, 8080)));
    t.after(() => first.map((connection) => connection.close()));
    await Promise.all(first.map((connection) => connection.ask()));
    const clients = new Newcomers(vip, 8080, 8);
    t.after(() => clients.stop());

    const change = await evenkeel.client.updateListener({ params: { listenerId: listener }, body: { name: TRAP } });
    await until('connections of the worker are closed', () => first.some(({ closed }) => closed));
    await evenkeel.applied(change);
    const survivors = first.filter(({ closed }) => !closed);
    assert.ok(survivors.length > 0, 'the connections of the other worker are open');
    assert.deepEqual(new Set(await Promise.all(survivors.map((connection) => connection.ask()))), new Set([200]));
    const before = clients.answered;
    await until('newcomers are served by both', () => clients.answered > before + 200);
    await clients.stop();
    const lost = [...clients.outcomes.keys()].filter((outcome) => outcome !== '200');
    assert.deepEqual(
      lost.filter((outcome) => !/^(ECONNRESET|closed without an answer)$/.test(outcome)),
      [],
      'nothing was refused, and nobody waited for the dead',
    );
    await until('the counters are right', async () => {
      return total(await evenkeel.metrics(), 'evenkeel_listener_active_connections') === survivors.length;
    });
    const metrics = await evenkeel.metrics();
    assert.equal(metrics.get('evenkeel_worker_hangs_total'), 1);
    assert.equal(metrics.get('evenkeel_worker_deaths_total'), 1);
    t.diagnostic(`${first.length - survivors.length} of ${first.length} connections were lost`);
  });
}
