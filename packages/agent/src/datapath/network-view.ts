import { execFile } from 'node:child_process';

/** Milliseconds that `ip` has for an answer. */
const PATIENCE = 5_000;
const MOST_OUTPUT = 64 * 1024 * 1024;

export interface Device {
  readonly name: string;
  /** Of this network namespace. */
  readonly index: number;
  readonly mac: string;
  readonly mtu: number;
  /** Neighbours on it have hardware addresses; those on WireGuard, tun and tunnels of IP have none. */
  readonly isEthernet: boolean;
}

/** The way to an address, as the kernel's routing table has it. */
export interface Route {
  readonly device: string;
  /** The node's own address on it. */
  readonly source: string;
  readonly gateway: string | null;
  /** Of the route; 0: it says none. */
  readonly mtu: number;
}

/** What the kernel of this node knows of the network at one moment. */
export interface NetworkView {
  readonly devices: ReadonlyMap<string, Device>;
  /** Hardware addresses by `address device`; those that are being looked for, or do not answer, are missing. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Those among them that nobody has heard of lately, and nobody asks for. */
  readonly unconfirmed: ReadonlySet<string>;
  /** By address; those without a way are missing. */
  readonly routes: ReadonlyMap<string, Route>;
}

interface Shown {
  readonly ifname?: string;
  readonly ifindex?: number;
  readonly address?: string;
  readonly link_type?: string;
  readonly mtu?: number;
  readonly dst?: string;
  readonly dev?: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
  readonly gateway?: string;
  readonly prefsrc?: string;
  readonly metrics?: readonly { readonly mtu?: number }[];
}

/** Asks for the ways to all `addresses` with one command. Rejects when there is no `ip` command to ask (iproute2). */
export async function viewNetwork(addresses: readonly string[]): Promise<NetworkView> {
  const questions = ['link show', 'neigh show', ...addresses.map((address) => `route get ${address}`)];
  return readView(await ask(questions));
}

/** The reading of what `ip -json -batch` says to these questions: a line of JSON for each that has an answer. */
export function readView(text: string): NetworkView {
  const devices = new Map<string, Device>();
  const neighbours = new Map<string, string>();
  const unconfirmed = new Set<string>();
  const routes = new Map<string, Route>();
  for (const line of text.split('\n').filter((one) => one.startsWith('['))) {
    for (const shown of JSON.parse(line) as Shown[]) {
      const { ifname: name, ifindex: index, mtu = 0, dst, dev } = shown;
      if (name !== undefined && index !== undefined) {
        const isEthernet = shown.link_type === 'ether';
        devices.set(name, { name, index, mac: shown.address ?? '', mtu, isEthernet });
      } else if (dst !== undefined && dev !== undefined && shown.prefsrc === undefined) {
        if (shown.lladdr === undefined) continue;
        neighbours.set(`${dst} ${dev}`, shown.lladdr);
        if (shown.state?.includes('STALE')) unconfirmed.add(`${dst} ${dev}`);
      } else if (dst !== undefined && dev !== undefined) {
        const ofRoute = shown.metrics?.find((metric) => metric.mtu !== undefined)?.mtu ?? 0;
        const { prefsrc: source = '', gateway = null } = shown;
        routes.set(dst, { device: dev, source, gateway, mtu: ofRoute });
      }
    }
  }
  return { devices, neighbours, unconfirmed, routes };
}

/** `-force`: an address without a way does not keep the others from an answer, though it makes the exit code 1. */
function ask(questions: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { timeout: PATIENCE, maxBuffer: MOST_OUTPUT };
  const child = execFile('ip', ['-json', '-force', '-batch', '-'], options, (error, stdout) => {
    if (error === null || error.code === 1) resolve(stdout);
    else reject(new Error(`ip (iproute2) does not say the ways to targets: ${error.message}`, { cause: error }));
  });
  child.stdin!.on('error', () => undefined); // it has ended; the callback above says why
  child.stdin!.end(`${questions.join('\n')}\n`);
  return promise;
}
