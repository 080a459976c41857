import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { ensureBpfFileSystem } from '@evenkeel/flow/loader/bpffs.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { EngineService, EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { Order } from '../packages/agent/test/peers/kernel-node.ts';
import { plannedListener, plannedService } from '../packages/agent/test/planned.ts';
import { type LineProcess, Namespace } from '../packages/flow/test/namespaces.ts';

const VIP = '10.79.100.1';
const OTHER_VIP = '10.79.100.2';
const CLIENT = '10.79.0.2';
/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 50;
/** That others have of the main thread while programs are loaded: many, where that goes on on another one. */
const TURNS = 20;
/** Milliseconds for one connection: a SYN, and the next one after a second. */
const KNOCK = 'knock 1500';

const peer = (name: string) => [
  process.execPath,
  join(import.meta.dirname, '..', 'packages', 'flow', 'test', 'peers', `${name}.ts`),
];

/** A node between a client and two targets, whose part of the kernel is under test. */
class Site {
  readonly home = mkdtempSync('/run/evenkeel-agent-');
  readonly bpf = mkdtempSync('/run/evenkeel-bpf-');
  readonly #namespaces: Namespace[] = [];
  readonly node: Namespace;
  readonly outside: Namespace;
  readonly targets: readonly Namespace[];
  #process!: LineProcess;
  /** Who is told, unless an order names another one. */
  agent = 'old';

  constructor() {
    ensureBpfFileSystem(this.bpf);
    this.node = this.add('node');
    this.node.set('net/ipv4/ip_forward', '1');
    for (const which of ['all', 'default']) this.node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
    this.outside = this.add('client');
    this.targets = [this.add('target1'), this.add('target2')];
  }

  add(name: string): Namespace {
    const namespace = new Namespace(`${name}-${this.home.slice(-6)}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  async open(): Promise<void> {
    const program = join(import.meta.dirname, '..', 'packages', 'agent', 'test', 'peers', 'kernel-node.ts');
    this.#process = this.node.start(process.execPath, program, this.home, this.bpf);
    this.node.join('node0', '10.79.0.1/24', this.outside, 'eth0', `${CLIENT}/24`);
    this.outside.ip('route add default via 10.79.0.1');
    const ready = this.targets.map((target, index) => {
      const address = `10.79.${index + 1}.2`;
      this.node.join(`node${index + 1}`, `10.79.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      target.ip(`route add default via 10.79.${index + 1}.1`);
      return target.start(...peer('target'), `target${index + 1}`, address, '8080').line();
    });
    await Promise.all(ready);
  }

  /** Of this test alone. */
  client(t: TestContext, vip = VIP): LineProcess {
    const client = this.outside.start(...peer('client'), CLIENT, vip, '80');
    t.after(() => client.kill());
    return client;
  }

  order<T = readonly string[]>(command: Order['command'], order: Partial<Order> = {}): Promise<T> {
    return this.#process.ask(JSON.stringify({ agent: this.agent, command, ...order }));
  }

  /** `apply`, and the main thread of the node is there for others meanwhile: the kernel has its seconds on another one. */
  async applySmoothly(t: TestContext, order: Partial<Order>): Promise<readonly string[]> {
    const answer = await this.order('apply', order);
    const turns = await this.order<number>('turns');
    t.diagnostic(`turns: ${turns}`);
    assert.ok(turns >= TURNS, `${turns} turns`);
    return answer;
  }

  /** Takes out what tests before have left; one listener stays, so that the programs need not be loaded again. */
  async clear(): Promise<void> {
    await this.order('apply', {
      services: [service([target(1, { port: 9 })], { id: 'svc-0' })],
      listeners: [listener({ id: 'lsn-0', port: 9, serviceId: 'svc-0' })],
    });
    assert.deepEqual(await this.order('apply', { removed: ['lsn-1', 'lsn-2'] }), ['lsn-0: kernel tcx']);
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  pinned(): string[] {
    return readdirSync(this.bpf).filter((name) => name.startsWith('evenkeel-'));
  }

  async close(): Promise<void> {
    for (const namespace of this.#namespaces) await namespace.remove();
    for (const folder of this.pinned()) rmSync(join(this.bpf, folder), { recursive: true });
    execFileSync('umount', ['--lazy', this.bpf]);
    rmSync(this.bpf, { recursive: true });
    rmSync(this.home, { recursive: true });
  }
}

const listener = (changes: Partial<PlannedListener> = {}) =>
  plannedListener({
    protocol: 'tcp',
    http: null,
    isNetwork: true,
    addresses: [VIP],
    port: 80,
    idleTimeout: 60_000,
    serviceId: 'svc-1',
    ...changes,
  });

const target = (host: number, changes: Partial<EngineTarget> = {}): EngineTarget => ({
  id: `tgt-${host}`,
  address: `10.79.${host}.2`,
  port: 8080,
  weight: 10,
  state: 'active',
  eligible: true,
  ...changes,
});

const service = (targets: readonly EngineTarget[], changes: Partial<PlannedService> = {}): EngineService => ({
  service: plannedService({ protocol: 'tcp', healthCheck: null, connectTimeout: 4_000, ...changes }),
  targets,
});

const names = (answers: readonly string[]) => [...new Set(answers.map((answer) => answer.split(' ')[0]))].sort();

suite('the kernel datapath of a node agent', { skip: requiresKernelDatapath('ip', 'nsenter') }, () => {
  const here = new Site();
  before(() => here.open());
  after(() => here.close());

  test('an upgrade that is called off: the old agent goes on with what the new one has left', async (t) => {
    const client = here.client(t);
    const plan = { services: [service([target(1)])], listeners: [listener()] };
    assert.deepEqual(await here.applySmoothly(t, plan), ['lsn-1: kernel tcx']);
    const opened = await client.ask<string[]>('open 10');
    await here.order('hand-off');
    assert.deepEqual(await here.applySmoothly(t, { ...plan, agent: 'new' }), ['lsn-1: kernel tcx']);
    await here.order('hand-off', { agent: 'new' }); // it is dead
    assert.deepEqual(await here.order('take-back'), ['lsn-1']);
    assert.deepEqual(await here.order('apply', plan), ['lsn-1: kernel tcx']);
    assert.deepEqual(await client.ask<string[]>('ask'), opened);
    await here.order('apply', { services: [service([target(1), target(2)])] });
    assert.deepEqual(names(await client.ask<string[]>('fresh 30')), ['target1', 'target2']);
    assert.deepEqual(await client.ask<string[]>('ask'), opened, 'changes are made by the old one again');
  });

  test('a restart with block lists, which come before the plan: connections go on', async (t) => {
    const client = here.client(t);
    const plan = { services: [service([target(1)])], listeners: [listener()] };
    await here.order('apply', plan);
    const opened = await client.ask<string[]>('open 5');
    await here.order('hand-off');
    here.agent = 'next';
    await here.order('block', { blocked: [0xc000_0201] });
    assert.equal(here.pinned().length, 1);
    assert.deepEqual(await client.ask<string[]>('ask'), opened);
    assert.deepEqual(await here.order('apply', plan), ['lsn-1: kernel tcx']);
    assert.deepEqual(await client.ask<string[]>('ask'), opened);
    assert.equal((await client.ask<string[]>('fresh 3')).length, 3);
  });

  test('a NAT listener whose VIP changes, and two that share a target', async (t) => {
    await here.clear();
    const client = here.client(t);
    await here.order('apply', { services: [service([target(1)])], listeners: [listener({ addresses: [OTHER_VIP] })] });
    await here.order('apply', { listeners: [listener()] });
    assert.deepEqual(names(await client.ask<string[]>('open 5')), ['target1']);
    const other = here.client(t, OTHER_VIP);
    const both = await here.order('apply', {
      services: [service([target(1)], { id: 'svc-2' })],
      listeners: [listener({ id: 'lsn-2', addresses: [OTHER_VIP], serviceId: 'svc-2' })],
    });
    assert.deepEqual(both.slice(1), ['lsn-1: kernel tcx', 'lsn-2: kernel tcx']);
    assert.deepEqual(await other.ask<string[]>('open 5'), Array(5).fill(`target1 ${CLIENT}`));
    assert.equal((await client.ask<string[]>('ask')).length, 5, 'connections from before it was shared go on');
    assert.equal((await client.ask<string[]>('fresh 5')).length, 5);
    assert.equal((await other.ask<string[]>('ask')).length, 5);
  });

  test('a record that cannot be written leaves listeners as they are in the kernel, and their connections', async (t) => {
    await here.clear();
    const client = here.client(t);
    await here.order('apply', { services: [service([target(1)])], listeners: [listener()] });
    const opened = await client.ask<string[]>('open 5');
    const obstacle = join(here.home, 'kernel.json.next');
    mkdirSync(obstacle);
    const moved = listener({ addresses: [VIP, OTHER_VIP] });
    const unset = { services: [service([target(2)])], listeners: [moved, listener({ id: 'lsn-2', port: 81 })] };
    const [, kept, other] = await here.order('apply', unset);
    assert.equal(kept, 'lsn-1: kernel tcx');
    assert.match(other!, /^lsn-2: userspace .*EISDIR/);
    assert.deepEqual(await client.ask<string[]>('ask'), opened);
    assert.deepEqual(names(await client.ask<string[]>('fresh 5')), ['target1']);
    rmdirSync(obstacle);
    assert.deepEqual((await here.order('apply', unset)).slice(1), ['lsn-1: kernel tcx', 'lsn-2: kernel tcx']);
    assert.deepEqual(names(await here.client(t, OTHER_VIP).ask<string[]>('fresh 5')), ['target2']);
    assert.deepEqual(await client.ask<string[]>('ask'), opened, 'target1 has its drain time');
  });

  test('a target that fails: its connections are reset where the service says so', async (t) => {
    await here.clear();
    const client = here.client(t);
    const changes = { onTargetFailure: 'reset' } as const;
    await here.order('apply', { services: [service([target(1), target(2)], changes)], listeners: [listener()] });
    assert.deepEqual(names(await client.ask<string[]>('open 30')), ['target1', 'target2']);
    await here.order('apply', { services: [service([target(1), target(2, { eligible: false })], changes)] });
    assert.match((await client.ask<{ error: string }>('ask')).error, /ECONNRESET/);
    assert.deepEqual(names(await client.ask<string[]>('fresh 20')), ['target1']);
  });

  test('clients are kept at a target for a time, though it has no weight any more', async (t) => {
    await here.clear();
    const client = here.client(t);
    const changes = { stickiness: { type: 'source-ip', timeout: 3_600_000 } } as const;
    await here.order('apply', { services: [service([target(1)], changes)], listeners: [listener()] });
    assert.deepEqual(names(await client.ask<string[]>('fresh 3')), ['target1']);
    await here.order('apply', { services: [service([target(1, { weight: 0 }), target(2)], changes)] });
    assert.deepEqual(names(await client.ask<string[]>('fresh 10')), ['target1']);
    await here.order('apply', { services: [service([target(1, { state: 'disabled' }), target(2)], changes)] });
    assert.deepEqual(names(await client.ask<string[]>('fresh 10')), ['target2']);
  });

  test('source NAT: a target without a way to the client answers to the node, also after a restart of the agent', async (t) => {
    await here.clear();
    const client = here.client(t);
    here.targets[0]!.ip('route del default');
    t.after(() => here.targets[0]!.ip('route add default via 10.79.1.1'));
    const plan = { services: [service([target(1)], { sourceNat: true })], listeners: [listener()] };
    await here.order('apply', plan);
    const opened = await client.ask<string[]>('open 5');
    assert.deepEqual(opened, Array(5).fill('target1 10.79.1.1'));
    await here.order('hand-off');
    here.agent = 'after-source-nat';
    assert.deepEqual(await client.ask<string[]>('ask'), opened, 'nobody is there');
    assert.deepEqual(await here.order('apply', plan), ['lsn-1: kernel tcx']);
    assert.deepEqual(await client.ask<string[]>('ask'), opened);
    assert.deepEqual(names(await client.ask<string[]>('fresh 5')), ['target1']);
    here.node.ip(`addr add ${VIP}/32 dev lo`);
    t.after(() => here.node.ip(`addr del ${VIP}/32 dev lo`));
    assert.deepEqual(names(await client.ask<string[]>('fresh 5')), ['target1'], 'the VIP is an address of the node');
    await here.order('apply', { services: [service([target(2)])] });
    assert.deepEqual(await client.ask<string[]>('fresh 2'), Array(2).fill(`target2 ${CLIENT}`), 'switched off');
  });

  test('a device that comes later is balanced, and so is one that is made anew under its name', async () => {
    await here.clear();
    await here.order('apply', { services: [service([target(1), target(2)])], listeners: [listener()] });
    for (const round of [1, 2]) {
      const late = here.add(`late${round}`);
      here.node.join('node9', '10.79.9.1/24', late, 'eth0', '10.79.9.2/24');
      late.ip('route add default via 10.79.9.1');
      const later = late.start(...peer('client'), '10.79.9.2', VIP, '80');
      await here.until('the device has a program', async () => typeof (await later.ask(KNOCK)) === 'string');
      here.node.ip('link del node9');
    }
  });

  test('what is for containers is handed to them, until something at their device has to see it', async (t) => {
    await here.clear();
    const client = here.client(t);
    await here.order('apply', { services: [service([target(1)])], listeners: [listener()] });
    const opened = await client.ask<string[]>('open 20');
    /** Frames by the device of the target for 20 requests. */
    const sent = async () => {
      const before = here.node.sentFrames('node1');
      assert.deepEqual(await client.ask<string[]>('ask'), opened);
      return here.node.sentFrames('node1') - before;
    };
    await here.until('they are handed over', async () => (await sent()) < 5);
    here.node.run(...'tc qdisc add dev node1 root tbf rate 1gbit burst 1mbit latency 50ms'.split(' '));
    await here.until('the device has them', async () => (await sent()) >= 20);
    here.node.run(...'tc qdisc del dev node1 root'.split(' '));
    await here.until('they are handed over again', async () => (await sent()) < 5);
  });

  test('l2: a target that was not there, and one whose hardware address changes, are found', async (t) => {
    await here.clear();
    const client = here.client(t);
    const [first] = here.targets;
    first!.ip(`addr add ${VIP}/32 dev lo`);
    await first!.start(...peer('target'), 'direct', VIP, '80').line();
    first!.ip('link set eth0 down');
    await here.order('apply', {
      services: [service([target(1)], { forwardingMode: 'l2' })],
      listeners: [listener()],
    });
    first!.ip('link set eth0 up');
    first!.ip('route replace default via 10.79.1.1');
    const reached = async () => (await client.ask<unknown>(KNOCK)) === `direct ${CLIENT}`;
    await here.until('its neighbour is known', reached);
    first!.ip('link set eth0 address 02:00:00:00:79:01');
    here.node.ip('neigh replace 10.79.1.2 lladdr 02:00:00:00:79:01 dev node1');
    await here.until('the new address is known', reached);
  });

  test('nothing is left where all is taken out', async () => {
    assert.equal(here.pinned().length, 1);
    await here.order('tear-down');
    assert.deepEqual(here.pinned(), []);
  });
});
