import { canonicalAddress } from '@evenkeel/model/address.ts';
import { addressNumber } from '@evenkeel/model/address-range.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import { loadBalancersOf } from '../state/state.ts';
import { allocateAddress } from './addresses.ts';
import { addressesInUse } from './addresses-in-use.ts';
import type { AnySubnet } from './default-network.ts';
import { givenOf, nextFree, roomOf, whyNotGiven } from './subnet-addresses.ts';
import { resolveSubnet } from './subnets.ts';

/**
 * The VIP of a load balancer of the subnet: the wanted address, or a free one. The search goes on after the VIP that was
 * given last, so that one that was given back is used again as late as possible. `at` is the pointer to the wanted one.
 */
export function allocateVip(draft: Draft, subnet: AnySubnet, wanted: string | undefined, at: string): string {
  if (subnet.id === DEFAULT_SUBNET.id) return allocateAddress(draft, 'vip', wanted, at);
  const room = roomOf(subnet);
  const used = new Set(addressesInUse(draft.whole, draft, draft.tenantId));
  const free = () => nextFree(room, used, lastGiven(draft, subnet));
  if (wanted === undefined) {
    const address = free();
    if (address !== null) return address;
    throw new ProblemError('addresses-exhausted', `every address of subnet ${subnet.name} is in use (${subnet.cidr})`);
  }
  const address = canonicalAddress(wanted)!;
  const reason = whyNotGiven(room, subnet, address);
  if (reason !== null) refuseField('address-not-allowed', at, reason, givenOf(room, subnet));
  if (!used.has(address)) return address;
  const other = free();
  refuseField(
    'address-taken',
    at,
    `${address} is in use`,
    other === null ? 'none is free' : `a free one, such as ${other}`,
  );
}

/** The number of the VIP that the newest load balancer of the subnet has; 0 without one. */
function lastGiven(draft: Draft, subnet: AnySubnet): bigint {
  let vip: string | null = null;
  for (const loadBalancer of loadBalancersOf(draft)) if (loadBalancer.subnetId === subnet.id) vip = loadBalancer.vip;
  return vip === null ? 0n : addressNumber(vip)!.number;
}

/** The VIP that a load balancer is to have from now on: the one that it has, or a free one of its subnet. */
export function changedVip(draft: Draft, { subnetId, vip }: LoadBalancerRecord, wanted: string, at: string): string {
  if (canonicalAddress(wanted) === vip) return vip;
  return allocateVip(draft, resolveSubnet(draft, subnetId, at), wanted, at);
}
