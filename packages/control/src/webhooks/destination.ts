import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Why an address is not sent to. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
}

export interface Resolved {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolve = (host: string) => Promise<readonly Resolved[]>;

export const resolveHost: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));

/** Addresses of this machine and its link, and those where clouds give credentials to whoever asks from within. */
// Of each family its own: one list for both takes an IPv4 address for its mapped form.
const LOCAL_4 = new BlockList();
const LOCAL_6 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
] as const) {
  LOCAL_4.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // With them the forms that carry an IPv4 address: compatible, mapped, translated (RFC 6052), 6to4, Teredo.
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
] as const) {
  LOCAL_6.addSubnet(network, prefix, 'ipv6');
}

/** Whether an address is of this machine or its link, or one that gives credentials; an IPv6 form of an IPv4 address is, too. */
export function isLocal(address: string): boolean {
  return isIPv6(address) ? LOCAL_6.check(address, 'ipv6') : LOCAL_4.check(address, 'ipv4');
}

/** The addresses that the machine has now: of its interfaces, the VIPs among them. */
export function addressesHere(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
}

/**
 * The address that a host is connected to: looked up now and connected to as it is, so that a name cannot mean one
 * address when it is checked and another when it is used. A name with one local address is refused whole. `here` tells
 * the addresses of the machine, asked anew each time. Rejects with a DestinationRefused, or with the error of the
 * resolver.
 */
export async function destinationOf(
  host: string,
  allowLocal: boolean,
  resolve: Resolve,
  here: () => readonly string[] = addressesHere,
): Promise<Resolved> {
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  const family = isIP(literal);
  const found: readonly Resolved[] =
    family === 0 ? await resolve(host) : [{ address: literal, family: family === 6 ? 6 : 4 }];
  const [first] = found;
  if (first === undefined) throw new DestinationRefused(`${host} has no address`);
  const local = allowLocal ? undefined : found.find(localAmong(here()));
  if (local !== undefined) {
    const at = local.address === literal ? literal : `${host} is ${local.address}, which`;
    throw new DestinationRefused(`${at} is an address of this machine, its link or its cloud, and not sent to`);
  }
  return first;
}

/** Numbers are compared and not texts: an IPv6 address can be written in several ways. */
function localAmong(here: readonly string[]): (resolved: Resolved) => boolean {
  const own = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const address of here) {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    own[family].addAddress(address, family);
  }
  return ({ address, family }) => {
    const name = family === 6 ? 'ipv6' : 'ipv4';
    return isLocal(address) || own[name].check(address, name);
  };
}
