import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBpfFileSystem } from '../../packages/flow/src/loader/bpffs.ts';
import { KernelMap } from '../../packages/flow/src/loader/kernel-map.ts';
import { checked, libbpf } from '../../packages/flow/src/loader/libbpf.ts';
import { type LineProcess, Namespace } from '../../packages/flow/test/namespaces.ts';
import type { Survey } from '../../packages/flow/test/peers/many-flows.ts';
import { ApiReader } from './api-reader.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = [process.execPath, join(ROOT, 'packages', 'cli', 'src', 'main.ts')];
const main = (name: string) => [process.execPath, join(ROOT, 'packages', name, 'src', 'main.ts')];
const peer = (name: string) => [process.execPath, join(ROOT, 'packages', 'flow', 'test', 'peers', `${name}.ts`)];

export const VIP = '10.79.100.1';
export const CLIENT = '10.79.0.2';
export const ROUTER = '10.79.1.254';
const CONTROL = '10.79.1.250';
export const NODES = ['10.79.1.1', '10.79.1.2'] as const;
export const TARGETS = ['10.79.1.11', '10.79.1.12', '10.79.1.13'] as const;
const PORT = 80;
/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 50;

export interface ZoneNode {
  readonly name: string;
  readonly namespace: Namespace;
  readonly home: string;
  agent: LineProcess | null;
}

/** What the API says of how a node shares flows. */
export interface ShownSharing {
  readonly state: string;
  readonly reason: string;
  readonly peers: readonly { readonly node: string; readonly state: string }[];
}

/**
 * Client – router – one segment with two nodes, three targets that answer directly, and the control plane of both nodes;
 * each in a network namespace of its own, all of them processes of the product but for client and targets.
 */
export class ZoneSite {
  readonly folder = mkdtempSync('/run/evenkeel-zone-');
  readonly #namespaces: Namespace[] = [];
  readonly #bpf = join(this.folder, 'bpf');
  readonly router = this.#add('router');
  readonly outside = this.#add('client');
  readonly control = this.#add('control');
  readonly api = new ApiReader(this.control, `https://${CONTROL}:7700`, join(this.folder, 'control'));
  readonly nodes: ZoneNode[] = [];
  client!: LineProcess;

  #add(name: string): Namespace {
    const namespace = new Namespace(`${name}-${this.folder.slice(-6)}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  async open(): Promise<void> {
    mkdirSync(this.#bpf);
    ensureBpfFileSystem(this.#bpf);
    const { router, outside } = this;
    router.ip('link add bridge type bridge');
    router.ip(`addr add ${ROUTER}/24 dev bridge`);
    router.ip('link set bridge up');
    router.set('net/ipv4/ip_forward', '1');
    router.set('net/ipv4/conf/all/rp_filter', '0');
    router.set('net/ipv4/fib_multipath_hash_policy', '1');
    router.join('outside', '10.79.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.79.0.1');
    outside.set('net/ipv4/ip_local_port_range', '1024 65000');
    this.#attach(this.control, 'control', CONTROL);
    const ready: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = this.#add(`target${index + 1}`);
      this.#attach(target, `target${index + 1}`, address);
      target.ip(`addr add ${VIP}/32 dev lo`);
      target.set('net/ipv4/conf/all/arp_ignore', '1');
      // Clients are answered under the VIP, health checks under the target's own address.
      ready.push(target.start(...peer('target'), `target${index + 1}`, `${VIP},${address}`, '80').line());
    }
    for (const [index, address] of NODES.entries()) {
      const name = `lb-${index + 1}`;
      const namespace = this.#add(name);
      this.#attach(namespace, name, address);
      this.nodes.push({ name, namespace, home: join(this.folder, name), agent: null });
    }
    this.client = outside.start(...peer('many-flows'), CLIENT, VIP, String(PORT));
    await Promise.all(ready);
  }

  #attach(namespace: Namespace, name: string, address: string): void {
    this.router.join(name, '', namespace, 'eth0', `${address}/24`);
    this.router.ip(`link set ${name} master bridge`);
    namespace.ip(`route add default via ${ROUTER}`);
  }

  async startControl(): Promise<void> {
    const flags = ['--home', join(this.folder, 'control'), '--host', CONTROL, '--port', '7700', '--api-self-signed'];
    const pool = ['env', 'EVENKEEL_VIP_POOL=10.79.100.0/24', 'EVENKEEL_SHARED_NODE_TOKEN=anywhere'];
    await ready(this.control.start(...pool, ...main('control'), ...flags, '--log-level', 'warn'));
  }

  /** Starts the agent of a node; resolves when it serves what it has. */
  async startAgent(node: ZoneNode, ...flags: string[]): Promise<void> {
    mkdirSync(join(node.home, 'credentials'), { recursive: true });
    copyFileSync(join(this.folder, 'control', 'credentials', 'node.json'), join(node.home, 'credentials', 'node.json'));
    const settings = ['--home', node.home, '--node-name', node.name, '--control-url', `https://${CONTROL}:7700`];
    const datapath = ['--datapath', 'kernel', '--datapath-bpf', this.#bpf, '--workers', '1', '--metrics-port', '7701'];
    const quiet = ['--log-level', process.env['EVENKEEL_TEST_LOG'] ?? 'error', '--drain-timeout', '5'];
    node.agent = node.namespace.start(...main('agent'), ...settings, ...datapath, ...quiet, ...flags);
    await ready(node.agent);
  }

  /** The network load balancer of these targets, reached at the VIP. */
  create(...targets: string[]): void {
    this.cli(
      ...['lb', 'create', 'net', '--type', 'network', '--vip', VIP, '--listener', `tcp:${PORT}`],
      ...['--forwarding-mode', 'l2', '--target-port', String(PORT), '--health-interval', '1'],
      // A machine that is busy for some seconds takes no target out.
      ...['--health-rise', '1', '--health-fall', '10'],
      ...targets.flatMap((address) => ['--target', `${address}:${PORT}`]),
    );
  }

  cli(...args: string[]): string {
    return this.control.run('env', `EVENKEEL_HOME=${join(this.folder, 'control')}`, ...CLI, ...args);
  }

  /** The target group of the load balancer. */
  group(): string {
    const groups = JSON.parse(this.cli('target-group', 'list', '--json')) as { readonly id: string }[];
    return groups[0]!.id;
  }

  /** Targets that all nodes have found healthy. */
  untilHealthy(count: number): Promise<void> {
    return this.until(`${count} targets are healthy`, () => this.api.isHealthy(count));
  }

  sharing({ name }: ZoneNode): ShownSharing | null {
    interface Listed {
      readonly items: readonly { readonly id: string; readonly flowSharing: ShownSharing | null }[];
    }
    return this.api.get<Listed>('/v1/nodes').items.find(({ id }) => id === name)?.flowSharing ?? null;
  }

  /** Both nodes tell each other of flows, and know what there was. */
  async untilShared(): Promise<void> {
    for (const node of this.nodes) {
      await this.until(`${node.name} shares flows`, () => {
        const shown = this.sharing(node);
        return shown?.state === 'sharing' && shown.peers.length === 1 && shown.peers[0]!.state === 'connected';
      });
    }
  }

  metric({ namespace }: ZoneNode, name: string): number {
    const text = namespace.run('curl', '-sf', '--max-time', '10', 'http://127.0.0.1:7701/metrics');
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? Number.NaN,
    );
  }

  /** The keys of flows that are written down in the kernel of a node, in hexadecimal digits. */
  written(node: ZoneNode): ReadonlySet<string> {
    const descriptor = checked(libbpf().bpf_obj_get(join(this.#pins(node), 'exceptions')), 'opening a map');
    try {
      const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
      const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)![1]);
      const shape = { descriptor, keySize: read('key_size'), valueSize: read('value_size') };
      const map = new KernelMap('exceptions', { ...shape, maxEntries: read('max_entries') });
      return new Set(Array.from(map.entries(), ({ key }) => key.toString('hex')));
    } finally {
      closeSync(descriptor);
    }
  }

  /** What is written down at one node is with the other one some milliseconds later. `least`: flows that have to be. */
  agree(least = 0): Promise<void> {
    return this.until('both nodes have written down the same flows', () => {
      const [one, ...others] = this.nodes.map((node) => this.written(node));
      return one!.size >= least && others.every((other) => other.size === one!.size && other.isSubsetOf(one!));
    });
  }

  /** The machine is gone: its node agent, and what is in its kernel. */
  async crash(node: ZoneNode): Promise<void> {
    await node.agent!.kill();
    node.agent = null;
    rmSync(this.#pins(node), { recursive: true });
  }

  #pins({ home }: ZoneNode): string {
    return join(this.#bpf, `evenkeel-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`);
  }

  /** The nodes that the router sends packets to, by their place in `nodes`. */
  route(...nodes: number[]): void {
    const hops = nodes.map((node) => `nexthop via ${NODES[node]} dev bridge`).join(' ');
    this.router.ip(`route replace ${VIP}/32 ${hops}`);
  }

  survey(command: string): Promise<Survey> {
    return this.client.ask<Survey>(command);
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

  /** Leaves nothing behind, also where something of it fails. */
  async close(): Promise<void> {
    const removals = await Promise.allSettled(this.#namespaces.map((namespace) => namespace.remove()));
    for (const node of this.nodes) rmSync(this.#pins(node), { recursive: true, force: true });
    // Lazily: it is gone from here at once, and altogether when the last of those that were killed lets go of it.
    if (isMountPoint(this.#bpf)) execFileSync('umount', ['--lazy', this.#bpf]);
    rmSync(this.folder, { recursive: true });
    for (const removal of removals) if (removal.status === 'rejected') throw removal.reason;
  }
}

function isMountPoint(folder: string): boolean {
  return existsSync(folder) && statSync(folder).dev !== statSync(join(folder, '..')).dev;
}

/** A process of Evenkeel says that it is up. */
async function ready(process: LineProcess): Promise<void> {
  while (!(await process.line()).includes('"event":"ready"'));
}
