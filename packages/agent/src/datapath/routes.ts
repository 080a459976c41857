import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { NextHop } from '@evenkeel/flow/datapath/layout.ts';

const run = promisify(execFile);
const PATIENCE = 2_000;

/** The way to an address, as the kernel's routing table has it. */
export interface Route {
  readonly device: string;
  /** The node's own address on it. */
  readonly source: string;
  readonly gateway: string | null;
}

/** Rejects when there is no way, or no `ip` command to ask (iproute2). */
export async function routeTo(address: string): Promise<Route> {
  const { stdout } = await run('ip', ['-j', 'route', 'get', address], { timeout: PATIENCE });
  const [route] = JSON.parse(stdout) as {
    readonly dev: string;
    readonly prefsrc?: string;
    readonly gateway?: string;
  }[];
  if (route === undefined) throw new Error(`there is no route to ${address}`);
  return { device: route.dev, source: route.prefsrc ?? '', gateway: route.gateway ?? null };
}

/** The hardware address of a neighbour; null: it is not known yet. Whoever sends something there makes it known. */
export async function neighbour(address: string, device: string): Promise<string | null> {
  const { stdout } = await run('ip', ['-j', 'neigh', 'show', address, 'dev', device], { timeout: PATIENCE });
  const [entry] = JSON.parse(stdout === '' ? '[]' : stdout) as { readonly lladdr?: string }[];
  return entry?.lladdr ?? null;
}

/** Where frames for a target on a network of this node's own go; null: it is not known yet. */
export async function nextHopTo(address: string): Promise<NextHop | null> {
  const { device, gateway } = await routeTo(address);
  if (gateway !== null) throw new Error(`${address} is behind ${gateway}: l2 needs targets on a network of this node`);
  const mac = await neighbour(address, device);
  return mac === null
    ? null
    : { device: deviceIndex(device), mac, ownMac: readText(`/sys/class/net/${device}/address`) };
}

/** Of this network namespace, whatever /sys shows. */
export function deviceIndex(device: string): number {
  const found = /^ifIndex\s+(\d+)/m.exec(readFileSync(`/proc/net/dev_snmp6/${device}`, 'utf8'));
  if (found === null) throw new Error(`there is no device ${device}`);
  return Number(found[1]);
}

/** All addresses of this node that others can reach. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address.split('%', 1)[0]!);
}

/** Devices that packets come in by: all but loopback. */
export function devices(): string[] {
  return readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .slice(2)
    .map((line) => line.split(':', 1)[0]!.trim())
    .filter((name) => name !== '' && name !== 'lo');
}

/** First and last port that the system chooses for connections of this node. */
export function localPorts(): { readonly first: number; readonly last: number } {
  const [first, last] = readText('/proc/sys/net/ipv4/ip_local_port_range').split(/\s+/).map(Number);
  return { first: first ?? 32_768, last: last ?? 60_999 };
}

export function forwards(parameter: string): boolean {
  return readText(`/proc/sys/${parameter.replaceAll('.', '/')}`) === '1';
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
