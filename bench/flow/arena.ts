import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LineProcess, Namespace } from '../../packages/flow/test/namespaces.ts';
import type { Balancing } from './peers/balancer.ts';
import type { Flooding } from './peers/flooder.ts';
import type { Least } from './peers/least.ts';

const [CLIENT, NODE] = ['10.75.0.2', '10.75.0.1'];
const TARGETS = ['10.75.1.2', '10.75.2.2'];
const FLOODER = '10.75.0.66';
const PORT = 80;
/** Of iperf3, on the first target alone: its two connections have to meet the same one. */
export const BULK_PORT = 5201;

/**
 * What stands between client and targets, each with an address of its own. Two of them balance nothing, and say what the
 * way itself costs: the kernel routing both ways, and a program that translates known addresses (least.bpf.c).
 */
export const VARIANTS = {
  'no balancer': '10.75.11.2',
  router: TARGETS[0],
  'tcx, the least': '10.75.100.5',
  'tcx, L2': '10.75.100.1',
  'tcx, NAT': '10.75.100.2',
  'tcx, L2, by device': '10.75.100.1',
  'tcx, NAT, by device': '10.75.100.2',
  nftables: '10.75.100.3',
  HAProxy: '10.75.100.4',
} as const;
export type Variant = keyof typeof VARIANTS;

/** What ours are told: client and targets are containers of the node, and either handed their packets or not. */
const HOW: Partial<Record<Variant, 'handing' | 'by device'>> = {
  'tcx, L2': 'handing',
  'tcx, NAT': 'handing',
  'tcx, L2, by device': 'by device',
  'tcx, NAT, by device': 'by device',
};

/**
 * Client – node – two targets in network namespaces, with a link of its own from each target to the client for what goes
 * past a balancer. All that runs is pinned to one CPU.
 */
export class Arena {
  readonly client: Namespace;
  readonly #namespaces: Namespace[] = [];
  readonly #node: Namespace;
  readonly #balancer: LineProcess;
  readonly #least: LineProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), 'evenkeel-arena-'));
  /** Of servers and balancers. */
  readonly processes: number[] = [];
  #variant: Variant | null = null;

  static async open(cpu: number): Promise<Arena> {
    const arena = new Arena(cpu);
    await arena.#balancer.line();
    await arena.#least.line();
    return arena;
  }

  private constructor(cpu: number) {
    const add = (name: string) => {
      this.#namespaces.push(new Namespace(name));
      return this.#namespaces[this.#namespaces.length - 1];
    };
    const pinned = ['taskset', '-c', String(cpu), 'nice', '-n', '-20'];
    this.#node = add('node');
    this.client = add('client');
    const node = this.#node;
    node.join('node0', `${NODE}/24`, this.client, 'eth0', `${CLIENT}/24`);
    this.client.ip(`route add 10.75.0.0/16 via ${NODE}`);
    for (const [parameter, value] of [
      ['ip_forward', '1'],
      ['conf/all/rp_filter', '0'],
      ['conf/node0/rp_filter', '0'],
    ]) {
      node.set(`net/ipv4/${parameter}`, value);
    }
    // Else the ports of one client end within seconds, and nftables' table of connections fills up.
    this.client.set('net/ipv4/ip_local_port_range', '1024 65000');
    this.client.set('net/ipv4/tcp_tw_reuse', '1');
    const targets = TARGETS.map((address, index) => {
      const target = add(`target${index + 1}`);
      node.join(`node${index + 1}`, `10.75.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      const past = `10.75.1${index + 1}`;
      target.join('eth1', `${past}.2/24`, this.client, `past${index + 1}`, `${past}.1/24`);
      target.ip(`route add default via 10.75.${index + 1}.1`);
      target.ip(`addr add ${VARIANTS['tcx, L2']}/32 dev lo`);
      target.ip(`rule add from ${VARIANTS['tcx, L2']} lookup 100`);
      target.ip(`route add default via ${past}.1 dev eth1 table 100`);
      target.set('net/ipv4/conf/all/rp_filter', '0');
      target.set('net/ipv4/conf/eth0/rp_filter', '0');
      this.#serve(target, index, pinned);
      return target;
    });
    for (const device of ['all', 'eth0', 'past1', 'past2']) this.client.set(`net/ipv4/conf/${device}/rp_filter`, '0');
    node.ip(`addr add ${VARIANTS.HAProxy}/32 dev lo`);
    const file = join(this.#folder, 'haproxy.cfg');
    writeFileSync(file, haproxyConfiguration());
    this.processes.push(node.start(...pinned, 'haproxy', '-db', '-q', '-f', file).pid);
    const nextHops = targets.map((target, index) => ({
      device: node.deviceNumber(`node${index + 1}`),
      mac: target.mac('eth0'),
      ownMac: node.mac(`node${index + 1}`),
    }));
    const balancing: Balancing = {
      devices: ['node0', 'node1', 'node2'].map((device) => node.deviceNumber(device)),
      targets: TARGETS.map((address, index) => ({ address, nextHop: nextHops[index] })),
      services: (['l2', 'nat'] as const).flatMap((mode) => {
        const vip = VARIANTS[mode === 'l2' ? 'tcx, L2' : 'tcx, NAT'];
        return [
          { vip, mode, port: PORT, targets: TARGETS.map((_, index) => index) },
          { vip, mode, port: BULK_PORT, targets: [0] },
        ];
      }),
      denied: FLOODER,
    };
    const peer = join(import.meta.dirname, 'peers', 'balancer.ts');
    this.#balancer = node.start(process.execPath, peer, JSON.stringify(balancing));
    const toClient = {
      device: balancing.devices[0],
      mac: this.client.mac('eth0'),
      ownMac: node.mac('node0'),
    };
    const least: Least = {
      devices: balancing.devices.slice(0, 2),
      ways: [
        { before: VARIANTS['tcx, the least'], after: TARGETS[0], nextHop: nextHops[0] },
        { before: TARGETS[0], after: VARIANTS['tcx, the least'], nextHop: toClient },
      ],
    };
    this.#least = node.start(process.execPath, join(import.meta.dirname, 'peers', 'least.ts'), JSON.stringify(least));
  }

  /** Only the one that is measured is there: programs and connection tracking cost others something, too. */
  async use(variant: Variant): Promise<void> {
    if (variant === this.#variant) return;
    this.#variant = variant;
    this.#node.run('nft', 'flush', 'ruleset');
    await this.#least.ask(variant === 'tcx, the least' ? 'on' : 'off');
    await this.#balancer.ask(HOW[variant] ?? 'off');
    if (variant !== 'nftables') return;
    const file = join(this.#folder, 'nat.nft');
    writeFileSync(file, nftablesRules());
    this.#node.run('nft', '-f', file);
    this.#node.set('net/netfilter/nf_conntrack_tcp_timeout_time_wait', '1');
  }

  async close(): Promise<void> {
    for (const namespace of this.#namespaces) await namespace.remove();
    rmSync(this.#folder, { recursive: true });
  }

  #serve(target: Namespace, index: number, pinned: readonly string[]): void {
    const folder = join(this.#folder, `target${index}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'nginx.conf'), nginxConfiguration(folder));
    const nginx = target.start(...pinned, 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'error.log');
    this.processes.push(nginx.pid);
    if (index === 0) this.processes.push(target.start(...pinned, 'iperf3', '-s', '-p', String(BULK_PORT)).pid);
  }

  /** Frames of a source that is denied, as fast as one CPU sends them, until the process ends. */
  flood(cpu: number): LineProcess {
    const work: Flooding = {
      device: this.#node.deviceNumber('node0'),
      mac: this.#node.mac('node0'),
      source: FLOODER,
      vip: VARIANTS['tcx, L2'],
      port: PORT,
    };
    const peer = join(import.meta.dirname, 'peers', 'flooder.ts');
    const pinned = ['taskset', '-c', String(cpu), 'nice', '-n', '-20'];
    return this.#node.start(...pinned, process.execPath, peer, JSON.stringify(work));
  }

  /** Packets of the flood that the balancer has dropped so far. */
  denied(): Promise<number> {
    return this.#balancer.ask<number>('denied');
  }

  /** Which CPUs work on what comes in at the node from clients, as a mask; 0: those that it arrives at. */
  steer(cpus: number): void {
    // Files of this kind are of the namespace that /sys was mounted in.
    this.#node.run(
      ...['unshare', '-m', 'sh', '-c'],
      `mount -t sysfs sysfs /sys && echo ${cpus.toString(16)} > /sys/class/net/node0/queues/rx-0/rps_cpus`,
    );
  }
}

/** One process, so that it is known which; a body of 64 bytes. */
function nginxConfiguration(folder: string): string {
  return `daemon off; master_process off; pid ${folder}/nginx.pid; worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen ${PORT} backlog=4096; location / { return 200 "${'x'.repeat(64)}"; } }
}
`;
}

function haproxyConfiguration(): string {
  return `global
  nbthread 1
  maxconn 2000
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen bulk
  bind ${VARIANTS.HAProxy}:${BULK_PORT}
  server s0 ${TARGETS[0]}:${BULK_PORT}
listen web
  bind ${VARIANTS.HAProxy}:${PORT}
  balance roundrobin
${TARGETS.map((address, index) => `  server s${index} ${address}:${PORT}`).join('\n')}
`;
}

function nftablesRules(): string {
  const map = TARGETS.map((address, index) => `${index} : ${address}`).join(', ');
  return `table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr ${VARIANTS.nftables} tcp dport ${BULK_PORT} dnat to ${TARGETS[0]}
    ip daddr ${VARIANTS.nftables} tcp dport ${PORT} dnat to jhash ip saddr . tcp sport mod ${TARGETS.length} map { ${map} }
  }
}
`;
}
