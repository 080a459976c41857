import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import { type BlockListMessage, NO_POSITION } from '@evenkeel/model/plan/block-list.ts';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { STREAM_VERSION } from '@evenkeel/model/plan/membership.ts';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { NodeAgent } from '../src/agent.ts';
import { NodeBlockLists } from '../src/block-list/node-block-lists.ts';
import { systemClock } from '../src/clock/clock.ts';
import { LocalWatch } from '../src/health/local-watch.ts';
import type { ProbeOutcome } from '../src/health/outcome.ts';
import type { Probe, Prober } from '../src/health/prober.ts';
import { Home } from '../src/home.ts';
import { NodeMembership } from '../src/membership/node-membership.ts';
import { ProbeCounts } from '../src/probing/probe-counts.ts';
import { ControlCounts } from '../src/telemetry/control-counts.ts';
import { temporaryDirectory } from './directory.ts';
import { FakeControl } from './fake-control.ts';
import { FakeEngine } from './fake-engine.ts';
import { silentLog } from './log.ts';
import { plannedCheck, plannedGroup, plannedListener, plannedService, plannedTarget } from './planned.ts';

/** The agent as a whole, with an engine that carries nothing, against a control plane over a real WebSocket. */

const success: ProbeOutcome = { kind: 'success', detail: '' };
const refused: ProbeOutcome = { kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' };

/** Answers at once with what the test has set for the address. */
class InstantProber implements Prober {
  readonly outcomes = new Map<string, ProbeOutcome>();

  prepare(target: { address: string }): Probe {
    let timer: NodeJS.Immediate | undefined;
    return {
      request: Buffer.from('GET'),
      start: (_history, done) => {
        timer = setImmediate(() => done(this.outcomes.get(target.address) ?? success));
      },
      cancel: () => clearImmediate(timer),
    };
  }

  setAuthority(): void {}
}

let directory = temporaryDirectory();
const ends: (() => Promise<void>)[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'credentials'));
  writeFileSync(join(directory.path, 'credentials', 'node.json'), '{"token":"secret"}');
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

async function control(plan: NodePlan | null, port = 0): Promise<FakeControl> {
  const one = await FakeControl.listen(port);
  one.plan = plan;
  ends.push(() => one.kill());
  return one;
}

async function node(controlUrl: string, engine = new FakeEngine(), prober = new InstantProber()) {
  const home = await Home.open(directory.path);
  const agent = new NodeAgent({
    home,
    membership: await NodeMembership.open({
      ...{
        home,
        nodeId: 'node-1',
        zone: 'z1',
        controlUrls: [controlUrl],
        joinToken: undefined,
        joinTokenFile: undefined,
      },
      ...{ clock: systemClock, random: Math.random, log: silentLog },
    }),
    blockLists: new NodeBlockLists({
      path: home.blockListFile,
      engine,
      clock: systemClock,
      random: Math.random,
      log: silentLog,
    }),
    nodeId: 'node-1',
    zone: 'z1',
    version: '1.2.3',
    controlUrls: [controlUrl],
    accessLog: 'file',
    accessLogFormat: 'json',
    accessLogMaxBytes: 1e6,
    accessLogKeep: 1,
    engine,
    counts: new ControlCounts(),
    watch: new LocalWatch({ clock: systemClock, random: Math.random, prober }),
    probes: new ProbeCounts(),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await agent.stop(1234, true);
    stopped = true;
  };
  ends.push(stop);
  return { agent, engine, prober, stop };
}

/** Intervals short enough for a test to see both ways within half a second. */
const quick: Partial<PlannedHealthCheck> = { interval: 50, timeout: 50, rise: 2, fall: 2 };

function plan(
  version: number,
  given: { port?: number; targets?: string[]; check?: PlannedHealthCheck | null } = {},
): NodePlan {
  const targets = (given.targets ?? ['127.0.0.2', '127.0.0.3']).map((address) =>
    plannedTarget({ id: address, address }),
  );
  const healthCheck = given.check === undefined ? plannedCheck(quick) : given.check;
  return planOf(version, [
    planEntry('listener', plannedListener({ port: given.port ?? 80 })),
    planEntry('service', plannedService({ healthCheck })),
    planEntry('group', plannedGroup({ targets })),
  ]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

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

const blocked = (version: number, entries: Uint8Array): BlockListMessage => {
  const position = { version, nonce: 'n' };
  return {
    type: 'block-list',
    reset: false,
    position,
    tenantId: 'tenant',
    entries: Buffer.from(entries).toString('base64'),
  };
};

test('what comes while an upgrade is tried is asked for again when it is called off', { timeout: 60_000 }, async () => {
  const peer = await control(plan(1));
  const { agent } = await node(peer.url);
  const first = peer.applied(1);
  await agent.start();
  await first;
  await agent.freeze();
  const { writer, key } = { writer: new EntryWriter(), key: Uint32Array.of(0xc000_0201) };
  writer.add(key, 32, 2 ** 31);
  const part = blocked(7, writer.take());
  peer.send(part);
  peer.sendDelta(plan(2, { port: 81 }));
  const [again, applied] = [peer.next('hello'), peer.applied(2)];
  await agent.thaw();
  const { version, blockLists } = await again;
  assert.deepEqual([version, blockLists], [1, NO_POSITION]);
  await applied;
  const acknowledged = peer.next('blocked');
  peer.send(part);
  await acknowledged;
});

test('a part of the block lists that cannot be read has them asked for anew', { timeout: 60_000 }, async () => {
  const peer = await control(plan(1));
  const { agent } = await node(peer.url);
  await agent.start();
  const again = peer.next('hello');
  peer.send(blocked(7, Uint8Array.of(1, 2, 3)));
  assert.deepEqual((await again).blockLists, NO_POSITION);
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
  assert.equal(agent.health().planVersion, 0);
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
