import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { deviceNames } from '@evenkeel/flow/loader/device-names.ts';
import { isOfLink } from '@evenkeel/model/address.ts';
import { isLoopback } from './decide.ts';

/** Unless told (ip-sysctl). */
const USUAL_FIRST_PORT = 32_768;

/**
 * All addresses of this node that others can reach, those among them that it has on the loopback device, as nodes do that
 * announce their address to routers. Those of a link are of one network each, and no address of a target.
 */
export function ownAddresses(all = networkInterfaces()): string[] {
  const addresses = Object.values(all).flatMap((ofDevice) => ofDevice?.map(({ address }) => address) ?? []);
  return [...new Set(addresses)].filter((address) => !isLoopback(address) && !isOfLink(address));
}

/** Devices that packets come in by: all but loopback. */
export function devices(): string[] {
  return deviceNames().filter((name) => name !== 'lo');
}

export function forwards(parameter: string): boolean {
  return readText(`/proc/sys/${parameter.replaceAll('.', '/')}`) === '1';
}

/** Of the ports that Linux gives to connections of this node's own. */
export function firstLocalPort(): number {
  return Number.parseInt(readText('/proc/sys/net/ipv4/ip_local_port_range'), 10) || USUAL_FIRST_PORT;
}

/** A number of /proc/sys, by its path there; 0 where there is none. */
export function parameterOf(path: string): number {
  return Number(readText(`/proc/sys/${path}`)) || 0;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
