import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Flows } from '@evenkeel/model/resources/flow.ts';
import type { ListenerTraffic } from '@evenkeel/model/resources/traffic.ts';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../packages/flow/src/loader/bpffs.ts';
import { type LineProcess, Namespace } from '../packages/flow/test/namespaces.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = [process.execPath, join(ROOT, 'packages', 'cli', 'src', 'main.ts')];
const peer = (name: string) => [process.execPath, join(ROOT, 'packages', 'flow', 'test', 'peers', `${name}.ts`)];
const main = (name: string) => [process.execPath, join(ROOT, 'packages', name, 'src', 'main.ts')];
const VIP = '10.78.100.10';
const CLIENT = '10.78.0.2';
const TARGETS = ['10.78.1.2', '10.78.2.2'] as const;
const PROMTOOL = '/usr/bin/promtool';
/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 300;

/** A process of Evenkeel says that it is up. */
async function ready(process: LineProcess): Promise<void> {
  while (!(await process.line()).includes('"event":"ready"'));
}

/** Evenkeel on a node between a client and two targets, each in a network namespace of its own. */
class Site {
  readonly home = mkdtempSync('/run/evenkeel-site-');
  readonly bpf = mkdtempSync('/run/evenkeel-bpf-');
  readonly #namespaces: Namespace[] = [];
  readonly node = this.#add('node');
  client!: LineProcess;

  #add(name: string): Namespace {
    const namespace = new Namespace(`${name}-${this.home.slice(-6)}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  async open(): Promise<void> {
    ensureBpfFileSystem(this.bpf);
    const { node } = this;
    node.set('net/ipv4/ip_forward', '1');
    for (const which of ['all', 'default']) node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
    const outside = this.#add('client');
    node.join('node0', '10.78.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.78.0.1');
    const ready: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = this.#add(`target${index + 1}`);
      node.join(`node${index + 1}`, `10.78.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      target.ip(`route add default via 10.78.${index + 1}.1`);
      ready.push(target.start(...peer('target'), `target${index + 1}`, address, '8080').line());
    }
    this.client = outside.start(...peer('client'), CLIENT, VIP, '80');
    await Promise.all(ready);
  }

  /** Starts control plane and node agent; resolves when both are up. */
  async start(datapath: string): Promise<void> {
    const pool = ['EVENKEEL_VIP_POOL=10.78.100.0/24'];
    const control = this.node.start('env', ...pool, ...main('control'), '--home', this.home, '--port', '7700');
    await ready(control);
    await this.startAgent(datapath);
  }

  /** As whoever supervises it does after its death. */
  async startAgent(datapath: string): Promise<void> {
    const settings = ['--datapath', datapath, '--datapath-bpf', this.bpf, '--workers', '1', '--metrics-port', '7701'];
    await ready(this.node.start(...main('agent'), '--home', this.home, ...settings));
  }

  cli(...args: string[]): string {
    return this.node.run('env', `EVENKEEL_HOME=${this.home}`, ...CLI, ...args);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        if (holds()) return;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
      if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** Asks the client until it fails at it, or does not. */
  async untilAsked(what: string, command: string, fails: boolean): Promise<void> {
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      if ('error' in (await this.client.ask<object>(command)) === fails) return;
    }
    throw new Error(`waited in vain for: ${what}`);
  }

  /** Of the node agent, as the system has it. */
  agent(): number {
    const found = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
      .split('\n')
      .find((line) => line.includes('packages/agent/src/main.ts') && line.includes(this.home));
    assert.ok(found, 'the node agent runs');
    return Number(found.trim().split(' ')[0]);
  }

  listener(): { readonly datapath: string; readonly datapathReason: string; readonly state: string } {
    const { nodes } = JSON.parse(this.cli('listener', 'show', 'net/tcp-udp-80', '--json'));
    return nodes[0];
  }

  /** Counters of listeners and of targets, by name and labels. */
  counters(): Map<string, number> {
    const metrics = this.node.run('curl', '-s', 'http://127.0.0.1:7701/metrics');
    const lines = metrics.matchAll(/^(evenkeel_(?:kernel_)?(?:listener|target)_\w+_total\S*) (\S+)$/gm);
    return new Map(Array.from(lines, ([, name, value]) => [name!, Number(value)]));
  }

  /** Folders of nodes that have something pinned in the kernel. */
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

const create = (site: Site) =>
  site.cli(
    ...['lb', 'create', 'net', '--type', 'network', '--vip', VIP, '--listener', 'tcp-udp:80', '--target-port', '8080'],
    ...TARGETS.flatMap((address) => ['--target', `${address}:8080`]),
    ...['--health-interval', '1'],
  );

suite('a network load balancer between network namespaces', { skip: requiresKernelDatapath('ip', 'nsenter') }, () => {
  test('in the kernel: chosen by itself, alive through the death of the agent, and gone without a trace', async (t) => {
    const site = new Site();
    t.after(() => site.close());
    await site.open();
    await site.start('auto');
    assert.deepEqual(site.pinned(), [], 'nothing is loaded before it is needed');
    create(site);
    assert.deepEqual([site.listener().datapath, site.listener().datapathReason], ['kernel (tcx)', '']);
    const targets = new Set(await site.client.ask<string[]>('open 40'));
    assert.deepEqual(
      targets,
      new Set([`target1 ${CLIENT}`, `target2 ${CLIENT}`]),
      'both, with the address of the client',
    );
    const datagrams = await site.client.ask<string[]>('datagrams 20');
    assert.equal(
      datagrams.every((answer) => / 10\.78\.0\.2 \d+$/.test(answer)),
      true,
    );
    await site.until('health checks get through', () => {
      const health = JSON.parse(site.cli('health', 'net', '--json')) as { readonly state: string }[];
      return health.length === 2 && health.every(({ state }) => state === 'healthy');
    });

    process.kill(site.agent(), 'SIGKILL');
    assert.equal((await site.client.ask<string[]>('ask')).length, 40, 'connections live on without an agent');
    assert.equal((await site.client.ask<string[]>('fresh 10')).length, 10, 'new ones too');
    await site.startAgent('auto');
    await site.until('another agent has taken over', () => site.listener().state === 'active');
    assert.equal(site.listener().datapath, 'kernel (tcx)');
    assert.equal((await site.client.ask<string[]>('ask')).length, 40);
    assert.equal(await site.client.ask<boolean>(`upload ${8 * 1024 * 1024}`), true);

    process.kill(site.agent(), 'SIGKILL');
    writeFileSync(join(site.home, 'agent', 'kernel.json'), '{');
    await site.startAgent('auto');
    await site.until('an agent without a record has begun anew', () => site.listener().state === 'active');
    assert.equal((await site.client.ask<string[]>('fresh 10')).length, 10);

    process.kill(site.agent(), 'SIGTERM');
    await site.until('an agent that is stopped takes all out of the kernel', () => site.pinned().length === 0);
    await site.startAgent('auto');
    await site.until('the next one puts it there again', () => site.pinned().length === 1);
    await site.until('and serves', () => site.listener().state === 'active');

    site.cli('listener', 'delete', 'net/tcp-udp-80', '--yes');
    await site.until('nothing is left of it', () => site.pinned().length === 0);
    assert.equal(existsSync(join(site.home, 'agent', 'kernel.json')), false);
  });

  test('in the kernel: connections to a target that is deregistered go on for the drain time', async (t) => {
    const site = new Site();
    t.after(() => site.close());
    await site.open();
    await site.start('auto');
    create(site);
    await site.until('health checks get through', () => {
      const health = JSON.parse(site.cli('health', 'net', '--json')) as { readonly state: string }[];
      return health.length === 2 && health.every(({ state }) => state === 'healthy');
    });
    const opened = await site.client.ask<string[]>('open 20');
    assert.equal(new Set(opened).size, 2);
    site.cli('target', 'deregister', `${TARGETS[1]}:8080`, '--lb', 'net', '--yes');
    assert.deepEqual(new Set(await site.client.ask<string[]>('fresh 10')), new Set([`target1 ${CLIENT}`]));
    assert.deepEqual(await site.client.ask<string[]>('ask'), opened, 'each is where it was');
  });

  test('in the kernel: security groups and block lists say who may open connections, and those that are open go on', async (t) => {
    const site = new Site();
    t.after(() => site.close());
    await site.open();
    await site.start('auto');
    create(site);
    const opened = await site.client.ask<string[]>('open 5');
    site.cli('security-group', 'create', 'others', '--rule', 'allow 192.0.2.0/24');
    site.cli('lb', 'update', 'net', '--security-groups', 'others');
    assert.equal(site.listener().datapath, 'kernel (tcx)');
    assert.ok('error' in (await site.client.ask<object>('fresh 1')), 'nobody answers');
    assert.deepEqual(await site.client.ask<string[]>('ask'), opened);
    site.cli('security-group', 'update', 'others', '--add-rule', `allow ${CLIENT} tcp:80`);
    assert.equal((await site.client.ask<string[]>('fresh 5')).length, 5);
    site.cli('block-list', 'add', '10.78.0.0/16', '--reason', 'test');
    const dropped = (reason: string) => new RegExp(`reason="${reason}"\\} [1-9]`);
    const metrics = () => site.node.run('curl', '-s', 'http://127.0.0.1:7701/metrics');
    // Nobody says when it is in force.
    await site.untilAsked('the block list is in force', 'fresh 1', true);
    assert.match(metrics(), dropped('blocked'));
    assert.deepEqual(await site.client.ask<string[]>('ask'), opened);
    site.cli('block-list', 'clear', '--yes');
    await site.untilAsked('the block list is empty', 'fresh 1', false);
    site.cli('listener', 'update', 'net/tcp-udp-80', '--allowed-sources', '192.0.2.1');
    assert.ok('error' in (await site.client.ask<object>('fresh 1')));
    assert.match(metrics(), dropped('security_group'));
    assert.match(metrics(), dropped('allowed_sources'));
  });

  test('in the kernel: what is carried is counted as in the proxy, flows are seen, and a new agent counts on', async (t) => {
    const site = new Site();
    t.after(() => site.close());
    await site.open();
    await site.start('auto');
    create(site);
    assert.equal((await site.client.ask<string[]>('open 20')).length, 20);
    assert.equal((await site.client.ask<string[]>('datagrams 10')).length, 10);
    const json = (...words: string[]) => JSON.parse(site.cli(...words, '--json'));
    const traffic = (): ListenerTraffic => json('traffic', 'net/tcp-udp-80');
    const { connections, bytesReceived, bytesSent, kernel } = traffic();
    assert.ok(connections >= 30, `20 connections and 10 flows of UDP: ${connections}`);
    assert.ok(bytesReceived > 30 * 60 && bytesSent > 30 * 60, `${bytesReceived} and ${bytesSent} bytes`);
    assert.ok(kernel !== null && kernel.packetsReceived > 50 && kernel.packetsSent > 50);
    await site.until('flows that are alive are counted', () => traffic().activeConnections >= 30);

    const { flows, listeners } = json('flows', 'net/tcp-udp-80') as Flows;
    const established = flows.filter(({ protocol, state }) => protocol === 'tcp' && state === 'established');
    assert.equal(established.length, 20);
    assert.deepEqual(new Set(established.map(({ client, vip }) => `${client} ${vip}`)), new Set([`${CLIENT} ${VIP}`]));
    assert.equal(new Set(established.map(({ targetId }) => targetId)).size, 2);
    assert.deepEqual([listeners[0]?.datapath, listeners[0]?.sampledOneIn], ['kernel', 1]);
    assert.deepEqual(json('flows', '--client', '192.0.2.99').flows, []);
    assert.equal(await site.client.ask<boolean>(`upload ${8 * 1024 * 1024}`), true);
    const [first, second] = (json('flows', '--top', '--limit', '2') as Flows).flows;
    assert.ok(first!.bytesPerSecond! > 20 * (second?.bytesPerSecond ?? 0), 'the upload is what sends the most');

    if (existsSync(PROMTOOL)) {
      const input = site.node.run('curl', '-s', 'http://127.0.0.1:7701/metrics');
      assert.equal(execFileSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8' }), '');
    }

    const before = site.counters();
    assert.ok(before.size > 10, `${before.size} counters`);
    process.kill(site.agent(), 'SIGKILL');
    await site.startAgent('auto');
    await site.until('another agent has taken over', () => site.listener().state === 'active');
    const after = site.counters();
    for (const [name, value] of before) assert.ok((after.get(name) ?? 0) >= value, `${name} is not set back`);
    await site.until('they are counted again', () => traffic().activeConnections >= 20);
  });

  test('in userspace: the same for whoever uses it, and the API says why', async (t) => {
    const site = new Site();
    t.after(() => site.close());
    await site.open();
    site.node.ip(`addr add ${VIP}/32 dev lo`);
    await site.start('userspace');
    create(site);
    const { datapath, datapathReason, state } = site.listener();
    assert.deepEqual([datapath, datapathReason, state], ['userspace', 'the node is set to userspace', 'active']);
    const answers = await site.client.ask<string[]>('fresh 10');
    assert.deepEqual(new Set(answers.map((answer) => answer.split(' ')[0])), new Set(['target1', 'target2']));
    const datagrams = await site.client.ask<string[]>('datagrams 20');
    assert.equal(datagrams.length, 20);
    process.kill(site.agent(), 'SIGKILL');
    await site.startAgent('userspace');
    await site.until('another agent serves', () => site.listener().state === 'active');
    assert.equal((await site.client.ask<string[]>('fresh 10')).length, 10);
    assert.equal((await site.client.ask<string[]>('datagrams 20')).length, 20);
    assert.equal(await site.client.ask<boolean>(`upload ${8 * 1024 * 1024}`), true);
  });
});
