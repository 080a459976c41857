import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBpfFileSystem } from '../../packages/flow/src/loader/bpffs.ts';
import { type LineProcess, Namespace } from '../../packages/flow/test/namespaces.ts';
import { ApiReader } from './api-reader.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = [process.execPath, join(ROOT, 'packages', 'cli', 'src', 'main.ts')];
const SET_UP = [process.execPath, join(ROOT, 'tools', 'flow-target.ts')];
const main = (name: string) => [process.execPath, join(ROOT, 'packages', name, 'src', 'main.ts')];
const peer = (name: string) => [process.execPath, join(ROOT, 'packages', 'flow', 'test', 'peers', `${name}.ts`)];

export const CLIENTS = ['10.77.0.2', 'fd77::2'] as const;
/** Each target's addresses, and those of the node on the link to it. */
export const TARGETS = [1, 2].map((link) => ({
  addresses: [`10.77.${link}.2`, `fd77:${link}::2`] as const,
  node: [`10.77.${link}.1`, `fd77:${link}::1`] as const,
}));
const PORT = 80;
/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 50;

export interface Balancer {
  readonly name: string;
  readonly vip: string;
  readonly port: number;
  /** The last one of a range. */
  readonly lastPort?: number;
  readonly mode: string;
  /** Targets see the node. */
  readonly sourceNat?: boolean;
  /** Of the targets' addresses: IPv4, IPv6. */
  readonly family: 0 | 1;
}

/** How a node carries a listener. */
interface OnNode {
  readonly datapath: string;
  readonly datapathReason: string;
}

/** As `evenkeel apply` wants it. */
function documentOf({ name, vip, port, lastPort, mode, sourceNat = false, family }: Balancer): object {
  const service = {
    port: PORT,
    forwardingMode: mode,
    sourceNat,
    // A machine that is busy for some seconds takes no target out.
    healthCheck: { protocol: 'tcp', interval: 1, rise: 1, fall: 10 },
    targets: TARGETS.map(({ addresses }) => ({ address: addresses[family], port: PORT })),
  };
  const ports = { port, ...(lastPort !== undefined && { lastPort }) };
  return { name, type: 'network', vip, listeners: [{ protocol: 'tcp-udp', ...ports, service }] };
}

/**
 * Client – node – two targets that are set up for direct return and tunnels, over IPv4 and IPv6, each in a network
 * namespace of its own; control plane and agent on the node.
 */
export class ForwardingSite {
  readonly folder = mkdtempSync('/run/evenkeel-forwarding-');
  readonly #namespaces: Namespace[] = [];
  readonly #mounts: string[] = [];
  readonly node = this.#add('node');
  readonly outside = this.#add('client');
  readonly #home = join(this.folder, 'home');
  readonly #api = new ApiReader(this.node, 'http://127.0.0.1:7700', this.#home);
  readonly targets: Namespace[] = [];
  #client: LineProcess | null = null;

  #add(name: string): Namespace {
    const namespace = new Namespace(`${name}-${this.folder.slice(-6)}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  #mount(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    ensureBpfFileSystem(folder);
    this.#mounts.push(folder);
    return folder;
  }

  /** `forXdp`: frames carry whole checksums, and whoever gets redirected ones polls for them, as network cards do. */
  async open(vips: readonly string[], forXdp: boolean): Promise<void> {
    const { node, outside } = this;
    node.set('net/ipv4/ip_forward', '1');
    node.set('net/ipv6/conf/all/forwarding', '1');
    for (const which of ['all', 'default']) node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
    node.join('node0', '10.77.0.1/24', outside, 'eth0', `${CLIENTS[0]}/24`);
    node.ip('addr add fd77::1/64 dev node0 nodad');
    outside.ip(`addr add ${CLIENTS[1]}/64 dev eth0 nodad`);
    outside.ip('route add default via 10.77.0.1');
    outside.ip('route add default via fd77::1');
    if (forXdp) prepareDevice(outside);
    for (const [index, { addresses, node: own }] of TARGETS.entries()) {
      const target = this.#add(`target${index + 1}`);
      this.targets.push(target);
      node.join(`node${index + 1}`, `${own[0]}/24`, target, 'eth0', `${addresses[0]}/24`);
      node.ip(`addr add ${own[1]}/64 dev node${index + 1} nodad`);
      target.ip(`addr add ${addresses[1]}/64 dev eth0 nodad`);
      target.ip(`route add default via ${own[0]}`);
      target.ip(`route add default via ${own[1]}`);
      if (forXdp) prepareDevice(target);
      const words = ['--vip', vips.join(), '--device', 'eth0', '--balancer', own.join()];
      target.run(...SET_UP, 'add', ...words, '--bpf', this.#mount(`target${index + 1}`));
    }
  }

  /** Has both targets listen on these ports of these addresses, and of their own. */
  async serve(addresses: readonly string[], ...ports: readonly number[]): Promise<void> {
    const ready = this.targets.map((target, index) => {
      const all = [...addresses, ...TARGETS[index]!.addresses].join();
      return target.start(...peer('target'), `target${index + 1}`, all, ports.join()).line();
    });
    await Promise.all(ready);
  }

  async start(...flags: string[]): Promise<void> {
    const control = this.node.start(
      ...['env', 'EVENKEEL_VIP_POOL=10.77.100.0/24', ...main('control'), '--home', this.#home],
      ...['--port', '7700', '--log-level', 'warn', '--vip-network6', 'fd77:100::/64'],
    );
    await ready(control);
    const settings = ['--datapath', 'kernel', '--datapath-bpf', this.#mount('node'), '--workers', '1'];
    const quiet = ['--log-level', process.env['EVENKEEL_TEST_LOG'] ?? 'error'];
    await ready(this.node.start(...main('agent'), '--home', this.#home, ...settings, ...quiet, ...flags));
  }

  /** From now on targets can only answer who is on the link to the node. */
  takeRoutes(): void {
    for (const target of this.targets) {
      target.ip('route del default');
      target.ip('-6 route del default');
    }
  }

  cli(...args: string[]): string {
    return this.node.run('env', `EVENKEEL_HOME=${this.#home}`, ...CLI, ...args);
  }

  /** Network load balancers of both targets; resolves when these are healthy. */
  async create(balancers: readonly Balancer[]): Promise<void> {
    const file = join(this.folder, 'balancers.json');
    writeFileSync(file, JSON.stringify({ loadBalancers: balancers.map(documentOf) }));
    this.cli('apply', '-f', file);
    await this.until('the targets are healthy', () => this.#api.isHealthy(balancers.length * TARGETS.length));
  }

  /** What carries the listeners on the node. */
  datapaths(): string[] {
    return this.#onNode().map(({ datapath }) => datapath);
  }

  /** The same, and why it is not the kernel. */
  datapathsWithReasons(): string[] {
    return this.#onNode().map(({ datapath, datapathReason }) => [datapath, datapathReason].filter(Boolean).join(': '));
  }

  #onNode(): readonly OnNode[] {
    interface Listed {
      readonly items: readonly { readonly nodes: readonly OnNode[] }[];
    }
    const none = { datapath: 'none', datapathReason: '' };
    return this.#api.get<Listed>('/v1/listeners').items.map(({ nodes }) => nodes[0] ?? none);
  }

  /** Has the client turn to a VIP, from its address of the same family. */
  async client(vip: string, port: number): Promise<LineProcess> {
    const own = vip.includes(':') ? CLIENTS[1] : CLIENTS[0];
    this.#client ??= this.outside.start(...peer('client'), own, vip, String(port));
    await this.#client.ask(`to ${own} ${vip} ${port}`);
    return this.#client;
  }

  /** The same with the first target as the client, whose way to the VIP is through the node. */
  async clientAtTarget(vip: string, port: number): Promise<LineProcess> {
    const family = vip.includes(':') ? 1 : 0;
    const { addresses, node } = TARGETS[0]!;
    this.targets[0]!.ip(`route replace ${vip} via ${node[family]}`);
    return this.targets[0]!.start(...peer('client'), addresses[family], vip, String(port));
  }

  /** SYN from addresses that nobody has, until it is killed. */
  flood(vip: string, port: number): LineProcess {
    return this.outside.start(...peer('syn-flood'), CLIENTS[0], vip, String(port));
  }

  /** What has happened of this kind, by what it says. */
  events(kind: string): string[] {
    const { items } = this.#api.get<{ items: readonly { readonly message: string }[] }>(`/v1/events?kind=${kind}`);
    return items.map(({ message }) => message);
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

  async close(): Promise<void> {
    for (const namespace of this.#namespaces) await namespace.remove();
    for (const mount of this.#mounts) execFileSync('umount', ['--lazy', mount]);
    rmSync(this.folder, { recursive: true });
  }
}

function prepareDevice(namespace: Namespace): void {
  namespace.run('ethtool', '-K', 'eth0', 'tx', 'off', 'gro', 'on');
}

/** A process of Evenkeel says that it is up. */
async function ready(process: LineProcess): Promise<void> {
  while (!(await process.line()).includes('"event":"ready"'));
}
