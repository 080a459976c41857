import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_POSITION } from '@evenkeel/model/plan/block-list.ts';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { REVOKED_CLOSE, STREAM_VERSION } from '@evenkeel/model/plan/membership.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { control, directory, node, plan, refused, until } from './agent-world.ts';
import { FakeEngine } from './fake-engine.ts';
import { plannedListener } from './planned.ts';

test('a first plan arrives, is applied, acknowledged, kept, and its targets are judged and reported', async () => {
  const peer = await control(plan(1));
  const { agent, engine } = await node(peer.url);
  const hello = peer.next('hello');
  const applied = peer.applied(1);
  await agent.start();
  const { kernel, capacity, ...said } = await hello;
  assert.ok(kernel !== '' && capacity!.cpus > 0 && capacity!.memory > 0);
  assert.deepEqual(said, {
    type: 'hello',
    protocol: STREAM_VERSION,
    node: 'node-1',
    zone: 'z1',
    software: '1.2.3',
    reactor: 'simulated',
    workers: 1,
    version: 0,
    hash: '',
    blockLists: NO_POSITION,
  });
  assert.deepEqual((await applied).refused, []);
  assert.equal(engine.listeners.size, 1);
  await until(() => engine.eligible('svc-1').length === 2);
  await until(() => peer.health.get('svc-1/127.0.0.3')?.state === 'healthy');
  assert.deepEqual(agent.health(), { status: 'serving', planVersion: 1, controlPlane: 'connected' });
});

test('deltas touch what they name; the acknowledgement comes after the engine has it', async () => {
  const peer = await control(plan(1));
  const { agent, engine } = await node(peer.url);
  await agent.start();
  await until(() => engine.eligible('svc-1').length === 2);
  engine.changes.length = 0;
  const release = engine.hold();
  const applied = peer.applied(2);
  peer.sendDelta(plan(2, { port: 81 }));
  await until(() => engine.changes.length === 1);
  assert.equal(
    peer.received.some((message) => message.type === 'applied' && message.version === 2),
    false,
  );
  release();
  await applied;
  assert.deepEqual([...(engine.changes[0]?.listeners.keys() ?? [])], ['lsn-1']);
  assert.equal(engine.changes[0]?.services.size, 0);
});

test('a hundred deltas in a row end in the last plan', async () => {
  const peer = await control(plan(1));
  const { agent, engine } = await node(peer.url);
  await agent.start();
  const applied = peer.applied(101);
  for (let version = 2; version <= 101; version++) peer.sendDelta(plan(version, { port: 1000 + version }));
  await applied;
  assert.equal(engine.listeners.get('lsn-1')?.port, 1101);
});

test('a target that dies is taken out and reported with the reason; it comes back when it is well', async () => {
  const peer = await control(plan(1));
  const { agent, engine, prober } = await node(peer.url);
  await agent.start();
  await until(() => engine.eligible('svc-1').length === 2);
  prober.outcomes.set('127.0.0.2', refused);
  const report = peer.next('health', ({ targets }) => targets.some(({ state }) => state === 'unhealthy'));
  await until(() => engine.eligible('svc-1').length === 1);
  const { complete, targets } = await report;
  assert.equal(complete, false);
  const [told] = targets.filter(({ state }) => state === 'unhealthy');
  assert.equal(told?.targetId, '127.0.0.2');
  assert.equal(told?.reason, 'CONNECT_FAILED');
  prober.outcomes.clear();
  await until(() => engine.eligible('svc-1').length === 2);
});

test('a target that leaves its group leaves the engine', async () => {
  const peer = await control(plan(1));
  const { agent, engine } = await node(peer.url);
  await agent.start();
  const applied = peer.applied(2);
  peer.sendDelta(plan(2, { targets: ['127.0.0.3'] }));
  await applied;
  assert.deepEqual(
    engine.services.get('svc-1')?.targets.map(({ id }) => id),
    ['127.0.0.3'],
  );
});

test('a refused listener reaches the control plane with its reason', async () => {
  const peer = await control(plan(1));
  const refusal = { listenerId: 'lsn-1', code: 'address-in-use', detail: '127.0.0.1:80' };
  const engine = new FakeEngine();
  engine.refuse.set('lsn-1', refusal);
  const { agent } = await node(peer.url, engine);
  const applied = peer.applied(1);
  await agent.start();
  assert.deepEqual((await applied).refused, [refusal]);
});

test('an entry that cannot be run is reported for its listener, and changes of the rest go on', async () => {
  const peer = await control(plan(1));
  const { agent, engine, stop } = await node(peer.url);
  await agent.start();
  const strange = planEntry('listener', plannedListener({ id: 'lsn-2', port: 70_000 }));
  const withStrange = (version: number, port: number): NodePlan =>
    planOf(version, [...plan(version, { port }).entries.values(), strange]);
  for (const [version, port] of [
    [2, 82],
    [3, 83],
  ] as const) {
    const applied = peer.applied(version);
    peer.sendDelta(withStrange(version, port));
    const [only, ...others] = (await applied).refused;
    assert.deepEqual([only?.listenerId, only?.code, others.length], ['lsn-2', 'failed', 0]);
    assert.match(only!.detail, /port must be an integer/);
    assert.equal(engine.listeners.get('lsn-1')?.port, port);
    assert.equal(engine.listeners.has('lsn-2'), false);
  }
  assert.equal((await agent.snapshot()).control.resyncs, 0);
  await stop();

  // What is on its disk is what it runs: the control plane sees by the hash that this is not what it sent.
  const hello = peer.next('hello');
  const second = await node(peer.url);
  const applied = peer.applied(3);
  await second.agent.start();
  assert.equal((await hello).version, 3);
  assert.notEqual((await hello).hash, withStrange(3, 83).hash);
  assert.equal((await applied).refused[0]?.listenerId, 'lsn-2');
});

test('a wrong base, a wrong hash and a malformed message each end in a resync, and the plan stays', async () => {
  const peer = await control(plan(1));
  const { agent, engine } = await node(peer.url);
  await agent.start();
  const send = [
    () => peer.send({ type: 'delta', from: 7, version: 8, hash: 'aa', upserts: [], removes: [] }),
    () => peer.send({ type: 'delta', from: 2, version: 3, hash: 'aa', upserts: [], removes: [] }),
    () => peer.send('{"type":"delta","from":"x"}'),
  ];
  for (const [index, act] of send.entries()) {
    const resync = peer.next('resync');
    act();
    await resync;
    assert.equal(engine.listeners.size, 1);
    const applied = peer.applied(index + 2);
    peer.sendSnapshot(plan(index + 2));
    await applied;
  }
  peer.send('{"type":"something new"}');
  const applied = peer.applied(9);
  peer.sendDelta(plan(9, { port: 99 }));
  await applied;
  const snapshot = await agent.snapshot();
  assert.equal(snapshot.control.resyncs, 3);
  assert.equal(snapshot.control.messages.get('unknown'), 1);
});

test('a control plane that dies changes nothing; when it is back the node says what it has and catches up', async () => {
  const peer = await control(plan(1));
  const { port } = peer;
  const { agent, engine } = await node(peer.url);
  await agent.start();
  await until(() => engine.eligible('svc-1').length === 2);
  await peer.kill();
  await until(() => agent.health().controlPlane === 'unreachable');
  assert.equal(engine.listeners.size, 1);
  const changes = engine.changes.length;

  const back = await control(plan(2, { port: 82 }), port);
  const hello = back.next('hello');
  const applied = back.applied(2);
  const health = back.next('health', ({ complete }) => complete);
  assert.equal((await hello).version, 1);
  assert.equal((await hello).hash, plan(1).hash);
  await applied;
  assert.equal((await health).targets.length, 2);
  assert.equal(engine.changes.length, changes + 1);
});

test('a restarted node serves the plan on its disk before it reaches the control plane', async () => {
  const peer = await control(plan(5));
  const first = await node(peer.url);
  await first.agent.start();
  await first.stop();
  assert.equal(first.engine.stoppedWith, 1234);
  await peer.kill();

  const second = await node('http://127.0.0.1:9');
  await second.agent.start();
  assert.equal(second.engine.listeners.get('lsn-1')?.port, 80);
  assert.deepEqual(second.agent.health(), { status: 'serving', planVersion: 5, controlPlane: 'unreachable' });
});

test('a node with a torn plan on its disk and no control plane starts without a plan', async () => {
  mkdirSync(join(directory.path, 'agent'));
  writeFileSync(join(directory.path, 'agent', 'plan.jsonl'), '["0123456789abcdef",{"format":2');
  const { agent, engine } = await node('http://127.0.0.1:9');
  await agent.start();
  assert.equal(engine.listeners.size, 0);
  const offline = { status: 'waiting', planVersion: 0, controlPlane: 'unreachable', waitsFor: 'control-plane' };
  assert.deepEqual(agent.health(), offline);
});

test('a plan that the engine fails to take is not acknowledged, not kept, and tried again', async () => {
  const peer = await control(plan(1));
  const engine = new FakeEngine();
  const { agent } = await node(peer.url, engine);
  await agent.start();
  engine.failure = new Error('a worker is gone');
  const applied = peer.applied(2);
  peer.sendDelta(plan(2, { port: 90 }));
  await applied;
  assert.equal(engine.listeners.get('lsn-1')?.port, 90);
  assert.equal((await agent.snapshot()).control.applyFailures, 1);
});

test('access-log lines reach the file', async () => {
  const peer = await control(plan(1));
  const { agent, engine, stop } = await node(peer.url);
  await agent.start();
  engine.log.push(Buffer.from('{"a":1}\n'), Buffer.from('{"a":2}\n'));
  await stop();
  assert.equal(readFileSync(join(directory.path, 'logs', 'access.log'), 'utf8'), '{"a":1}\n{"a":2}\n');
});

test('stopping a node that waits for its first plan lets its start end', async () => {
  const peer = await control(null);
  const { agent, stop } = await node(peer.url);
  const hello = peer.next('hello');
  const started = agent.start();
  await hello;
  await stop();
  await started;
  if (peer.socket !== null && peer.socket.readyState !== peer.socket.CLOSED) await once(peer.socket, 'close');
  assert.equal(agent.health().status, 'draining');
});

for (const whenRevoked of ['serve', 'drain'] as const) {
  test(`a node that was revoked and is to ${whenRevoked} does so until it gets a plan again, also over a restart`, async () => {
    const peer = await control(plan(3));
    const { agent, engine, stop } = await node(peer.url, new FakeEngine(), undefined, whenRevoked);
    const applied = peer.applied(3);
    await agent.start();
    await applied;
    const again = peer.next('hello');
    peer.plan = null;
    peer.socket?.close(REVOKED_CLOSE, 'this node was revoked');
    const served = whenRevoked === 'serve' ? 1 : 0;
    if (served === 0) await until(() => engine.listeners.size === 0);
    assert.equal((await again).version, served * 3, 'it says what it has');
    assert.equal(engine.listeners.size, served);
    peer.socket?.close(REVOKED_CLOSE, 'node-1 was revoked');
    await until(() => agent.health().controlPlane === 'revoked');
    assert.equal(agent.health().status, served === 1 ? 'serving' : 'draining');
    await stop();

    const back = await node(peer.url, new FakeEngine(), undefined, whenRevoked);
    const hello = peer.next('hello');
    const taken = peer.applied(4);
    peer.plan = plan(4);
    await back.agent.start();
    assert.equal((await hello).version, served * 3);
    await taken;
    assert.equal(back.engine.listeners.size, 1);
    assert.deepEqual(back.agent.health(), { status: 'serving', planVersion: 4, controlPlane: 'connected' });
  });
}
