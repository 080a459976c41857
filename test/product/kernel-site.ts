import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBpfFileSystem } from '../../packages/flow/src/loader/bpffs.ts';
import { type LineProcess, Namespace } from '../../packages/flow/test/namespaces.ts';
import { ApiReader } from './api-reader.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = [process.execPath, join(ROOT, 'packages', 'cli', 'src', 'main.ts')];
const peer = (name: string) => [process.execPath, join(ROOT, 'packages', 'flow', 'test', 'peers', `${name}.ts`)];
const main = (name: string) => [process.execPath, join(ROOT, 'packages', name, 'src', 'main.ts')];

export const VIP = '10.78.100.10';
/** One that the node has itself, as the proxy wants it. */
export const OWN_VIP = '10.78.100.11';
export const CLIENT = '10.78.0.2';
export const TARGETS = ['10.78.1.2', '10.78.2.2'] as const;
const METRICS = 'http://127.0.0.1:7701/metrics';
/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 50;

export interface ShownListener {
  readonly datapath: string;
  readonly datapathReason: string;
  readonly state: string;
}

/** A process of Evenkeel says that it is up. */
async function ready(process: LineProcess): Promise<void> {
  while (!(await process.line()).includes('"event":"ready"'));
}

/** Evenkeel on a node between a client and two targets, each in a network namespace of its own. */
export class KernelSite {
  readonly home = mkdtempSync('/run/evenkeel-site-');
  readonly #bpf = mkdtempSync('/run/evenkeel-bpf-');
  readonly #namespaces: Namespace[] = [];
  readonly node = this.#add('node');
  readonly #outside = this.#add('client');
  readonly api = new ApiReader(this.node, 'http://127.0.0.1:7700', this.home);
  #agent!: LineProcess;

  #add(name: string): Namespace {
    const namespace = new Namespace(`${name}-${this.home.slice(-6)}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  /** The network, and the control plane, which starts meanwhile. */
  async open(): Promise<void> {
    ensureBpfFileSystem(this.#bpf);
    const { node } = this;
    const pool = ['EVENKEEL_VIP_POOL=10.78.100.0/24'];
    const quiet = ['--log-level', process.env['EVENKEEL_TEST_LOG'] ?? 'warn'];
    const control = ready(
      node.start('env', ...pool, ...main('control'), '--home', this.home, '--port', '7700', ...quiet),
    );
    node.ip(`addr add ${OWN_VIP}/32 dev lo`);
    node.set('net/ipv4/ip_forward', '1');
    for (const which of ['all', 'default']) node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
    node.join('node0', '10.78.0.1/24', this.#outside, 'eth0', `${CLIENT}/24`);
    this.#outside.ip('route add default via 10.78.0.1');
    node.ip(`route add 198.18.0.0/15 via ${CLIENT}`); // whom a flood claims to be
    const targets: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = this.#add(`target${index + 1}`);
      node.join(`node${index + 1}`, `10.78.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      target.ip(`route add default via 10.78.${index + 1}.1`);
      targets.push(target.start(...peer('target'), `target${index + 1}`, address, '8080').line());
    }
    await Promise.all([control, ...targets]);
  }

  /** Starts the node agent, again after its end; resolves when it serves what it has. */
  async startAgent(datapath: string): Promise<void> {
    const settings = ['--datapath', datapath, '--datapath-bpf', this.#bpf, '--workers', '1', '--metrics-port', '7701'];
    this.#agent = this.node.start(...main('agent'), '--home', this.home, ...settings);
    await ready(this.#agent);
  }

  /** Ends the node agent; resolves when it is gone. */
  async endAgent(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    process.kill(this.#agent.pid, signal);
    await this.#agent.ended();
  }

  client(vip = VIP, port = 80): LineProcess {
    return this.#outside.start(...peer('client'), CLIENT, vip, String(port));
  }

  /** SYN from addresses that do not answer, to the VIP, until it is killed; resolves when the first are on their way. */
  async flood(): Promise<LineProcess> {
    const flood = this.#outside.start(...peer('syn-flood'), CLIENT, VIP, '80');
    await flood.line();
    return flood;
  }

  cli(...args: string[]): string {
    return this.node.run('env', `EVENKEEL_HOME=${this.home}`, ...CLI, ...args);
  }

  /** What the node says of the one listener of a port. */
  listener(port: number): ShownListener {
    interface Listed {
      readonly items: readonly { readonly port: number; readonly nodes: readonly ShownListener[] }[];
    }
    const { items } = this.api.get<Listed>('/v1/listeners');
    const shown = items.find((listener) => listener.port === port)?.nodes[0];
    if (shown === undefined) throw new Error(`no node says anything of the listener on port ${port}`);
    return shown;
  }

  untilActive(what: string, port: number): Promise<void> {
    return this.until(what, () => this.listener(port).state === 'active');
  }

  untilHealthy(count: number): Promise<void> {
    return this.until(`${count} targets are healthy`, () => this.api.isHealthy(count));
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        if (await holds()) return;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
      if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  metrics(): string {
    return this.node.run('curl', '-sf', '--max-time', '20', METRICS);
  }

  /** Counters of listeners and of targets, by name and labels. */
  counters(): Map<string, number> {
    const lines = this.metrics().matchAll(/^(evenkeel_(?:kernel_)?(?:listener|target)_\w+_total\S*) (\S+)$/gm);
    return new Map(Array.from(lines, ([, name, value]) => [name!, Number(value)]));
  }

  /** Packets in the kernel of which this has become. */
  outcome(name: string): number {
    return Number(
      this.metrics().match(new RegExp(`^evenkeel_kernel_packets_total{outcome="${name}"} (\\d+)$`, 'm'))?.[1] ?? 0,
    );
  }

  /** Events of these kinds, the newest first. */
  events(...kinds: string[]): string[] {
    const { items } = this.api.get<{ readonly items: readonly { readonly kind: string }[] }>('/v1/events');
    return items.map(({ kind }) => kind).filter((kind) => kinds.includes(kind));
  }

  /** Packets that listeners have dropped for this reason. */
  dropped(reason: string): number {
    const isIt = (name: string) =>
      name.startsWith('evenkeel_kernel_listener_drops_total{') && name.includes(`reason="${reason}"`);
    return [...this.counters()].reduce((sum, [name, count]) => (isIt(name) ? sum + count : sum), 0);
  }

  /** Folders of nodes that have something pinned in the kernel. */
  pinned(): string[] {
    return readdirSync(this.#bpf).filter((name) => name.startsWith('evenkeel-'));
  }

  async close(): Promise<void> {
    for (const namespace of this.#namespaces) await namespace.remove();
    for (const folder of this.pinned()) rmSync(join(this.#bpf, folder), { recursive: true });
    execFileSync('umount', ['--lazy', this.#bpf]);
    rmSync(this.#bpf, { recursive: true });
    rmSync(this.home, { recursive: true });
  }
}
