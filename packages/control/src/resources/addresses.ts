import { canonicalAddress, formatIPv4, parseIPv4, parseNetwork } from '@evenkeel/model/address.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';

export interface Network {
  readonly cidr: string;
  /** First address, as a number. */
  readonly first: number;
  readonly size: number;
}

export type PoolName = 'vip' | 'elasticIp';
export type AddressPools = Readonly<Record<PoolName, Network>>;

const LOOPBACK = network('127.0.0.0/8');
/** The address that everything else on the machine uses. */
const LOCALHOST = parseIPv4('127.0.0.1')!;

/** Throws RangeError when the text is not an IPv4 network of at least four addresses. */
export function network(cidr: string): Network {
  const parsed = parseNetwork(cidr);
  if (parsed === null || parsed.size < 4) throw new RangeError(`${cidr} is not an IPv4 network such as 127.77.0.0/16`);
  return { cidr, ...parsed };
}

/**
 * An address for a load balancer or an elastic IP: the wanted one, or the next free one of the pool. The search goes on
 * where it ended last time, so that an address that was given back is used again as late as possible.
 */
export function allocateAddress(draft: Draft, pool: PoolName, wanted: string | undefined, at: string): string {
  const used = new Set<string>();
  // Those of other tenants too: a node has each address once.
  for (const { loadBalancer } of draft.whole.loadBalancers.values()) {
    if (loadBalancer.tenantId !== draft.tenantId) used.add(loadBalancer.vip);
  }
  for (const { tenantId, address } of draft.whole.elasticIps.values())
    if (tenantId !== draft.tenantId) used.add(address);
  for (const { loadBalancer } of draft.loadBalancers.values()) used.add(loadBalancer.vip);
  for (const { address } of draft.elasticIps.values()) used.add(address);
  const own = draft.context.pools[pool];
  if (wanted !== undefined) return chosen(wanted, own, used, at);

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

function chosen(wanted: string, pool: Network, used: ReadonlySet<string>, at: string): string {
  const address = canonicalAddress(wanted);
  const number = address === null ? null : parseIPv4(address);
  const allowed = pool.cidr === LOOPBACK.cidr ? pool.cidr : `${pool.cidr} or ${LOOPBACK.cidr}, without 127.0.0.1`;
  if (
    address === null ||
    number === null ||
    number === LOCALHOST ||
    !(isHost(pool, number) || isHost(LOOPBACK, number))
  ) {
    refuseField('address-not-allowed', at, `${wanted} is not an address that can be given out`, allowed);
  }
  if (used.has(address)) refuseField('address-taken', at, `${address} is in use`);
  return address;
}

function contains(network: Network, address: number): boolean {
  return address >= network.first && address < network.first + network.size;
}

function isHost(network: Network, address: number): boolean {
  return address > network.first && address < network.first + network.size - 1;
}
