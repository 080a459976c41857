import { canonicalAddress, formatIPv4, parseIPv4, parseNetwork } from '@evenkeel/model/address.ts';
import { canonicalNetwork, isNetwork } from '@evenkeel/model/network.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { addressesInUse } from './addresses-in-use.ts';

export interface Network {
  readonly cidr: string;
  /** First address, as a number. */
  readonly first: number;
  readonly size: number;
}

/**
 * Where addresses come from that no subnet of a tenant has: those of load balancers (see default-network.ts) and of
 * elastic IPs.
 */
export type PoolName = 'vip' | 'elasticIp';
export interface AddressPools extends Readonly<Record<PoolName, Network>> {
  /** The IPv6 network, in its canonical form, of which load balancers may have any address that they ask for. */
  readonly vip6?: string;
  /** Networks that VPCs may be within, in their canonical form; absent: those of `VPC.networks`. */
  readonly vpcNetworks?: readonly string[];
}

export const LOOPBACK = network('127.0.0.0/8');
/** The address that everything else on the machine uses. */
const LOCALHOST = parseIPv4('127.0.0.1')!;

/** Throws RangeError when the text is not an IPv4 network of at least four addresses. */
export function network(cidr: string): Network {
  const parsed = parseNetwork(cidr);
  if (parsed === null || parsed.size < 4) throw new RangeError(`${cidr} is not an IPv4 network such as 127.77.0.0/16`);
  return { cidr, ...parsed };
}

/** The canonical form; throws RangeError when the text is not an IPv6 network, or is one of loopback. */
export function network6(cidr: string): string {
  const canonical = isNetwork(cidr) ? canonicalNetwork(cidr) : null;
  if (canonical === null || !canonical.includes(':') || contains6(canonical, '::1')) {
    throw new RangeError(`${cidr} is not an IPv6 network such as 2001:db8:7700::/64`);
  }
  return canonical;
}

/**
 * An address for a load balancer or an elastic IP: the wanted one, or the next free one of the pool. The search goes on
 * where it ended last time, so that an address that was given back is used again as late as possible.
 */
export function allocateAddress(draft: Draft, pool: PoolName, wanted: string | undefined, at: string): string {
  const used = new Set(addressesInUse(draft.whole, draft, draft.tenantId));
  const own = draft.context.pools[pool];
  const own6 = pool === 'vip' ? (draft.context.pools.vip6 ?? null) : null;
  if (wanted !== undefined) return chosen(wanted, own, own6, used, at);

  const last = draft.lastAddresses.get(pool) ?? own.first;
  // The first and the last address of a network are not for hosts.
  const usable = own.size - 2;
  const start = contains(own, last) ? last - own.first : 0;
  for (let step = 0; step < usable; step++) {
    const candidate = own.first + 1 + ((start + step) % usable);
    const address = formatIPv4(candidate);
    if (candidate === LOCALHOST || used.has(address)) continue;
    draft.lastAddresses.set(pool, candidate);
    return address;
  }
  throw new ProblemError('addresses-exhausted', `all ${usable} addresses of ${own.cidr} are in use`);
}

function chosen(wanted: string, pool: Network, pool6: string | null, used: ReadonlySet<string>, at: string): string {
  const address = canonicalAddress(wanted);
  const v4 = pool.cidr === LOOPBACK.cidr ? pool.cidr : `${pool.cidr} or ${LOOPBACK.cidr}, without 127.0.0.1`;
  const allowed = pool6 === null ? v4 : `${v4}; ${pool6}`;
  if (address === null || !(isAllowed4(address, pool) || isAllowed6(address, pool6))) {
    refuseField('address-not-allowed', at, `${wanted} is not an address that can be given out`, allowed);
  }
  if (used.has(address)) refuseField('address-taken', at, `${address} is in use`, `a free address of ${allowed}`);
  return address;
}

function isAllowed4(address: string, pool: Network): boolean {
  const number = parseIPv4(address);
  return number !== null && number !== LOCALHOST && (isHost(pool, number) || isHost(LOOPBACK, number));
}

/** Not the first address either: it means all routers of the network (RFC 4291, section 2.6.1). */
function isAllowed6(address: string, pool: string | null): boolean {
  if (pool === null || !address.includes(':')) return false;
  return contains6(pool, address) && address !== pool.slice(0, pool.indexOf('/'));
}

function contains6(network: string, address: string): boolean {
  return canonicalNetwork(`${address}${network.slice(network.indexOf('/'))}`) === network;
}

function contains(network: Network, address: number): boolean {
  return address >= network.first && address < network.first + network.size;
}

function isHost(network: Network, address: number): boolean {
  return address > network.first && address < network.first + network.size - 1;
}
