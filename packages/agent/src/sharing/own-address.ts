import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isOfLink } from '@evenkeel/model/address.ts';

/**
 * Where other nodes reach this one: the address from which it talks to the control plane, or, where both are on one
 * machine, the first one of the same family that others can reach. null: there is none.
 */
export function reachableAddress(
  local: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string | null {
  const address = local.replace(/^::ffff:(?=\d+\.)/, '');
  if (!isLoopback(address)) return address;
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const found = all.find((one) => !one.internal && one.family === family && !isLinkLocal(one.address));
  return found?.address ?? null;
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function isLinkLocal(address: string): boolean {
  return isOfLink(address) || address.startsWith('169.254.');
}
