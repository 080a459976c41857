import { canonicalAddress } from '@evenkeel/model/address.ts';
import { addressNumber, addressText, isIn, isWithin, networkRange, overlap } from '@evenkeel/model/address-range.ts';
import { SUBNET } from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import { DEFAULT_SUBNET, type SubnetCreate, type SubnetPatch } from '@evenkeel/model/resources/subnet.ts';
import { DEFAULT_VPC } from '@evenkeel/model/resources/vpc.ts';
import { checkZone } from '../placement/zones.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { SubnetRecord } from '../state/records.ts';
import { loadBalancersOf } from '../state/state.ts';
import { type AnySubnet, defaultSubnet } from './default-network.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo, resolve } from './rules.ts';
import { roomOf } from './subnet-addresses.ts';
import { checkZoneOfUsers } from './subnet-zones.ts';
import { checkSize, isInside, subnetsOf } from './vpcs.ts';

/** The subnet, for a change; refuses the one that every tenant has. */
export function getSubnet(draft: Draft, id: string): SubnetRecord {
  if (id === DEFAULT_SUBNET.id) {
    throw new ProblemError('built-in', 'the default subnet is made by options of the control plane');
  }
  return draft.subnets.get(id) ?? notFound('subnet', id);
}

/** The subnet that a field names by name or identifier. */
export function resolveSubnet(draft: Draft, idOrName: string, at: string): AnySubnet {
  const all = [defaultSubnet(draft.context.pools, draft.tenantId), ...draft.subnets.values()];
  return resolve(all, idOrName, at, 'subnet');
}

/** `at` is the pointer to `input`. */
export function createSubnet(draft: Draft, input: SubnetCreate, at = ''): SubnetRecord {
  if (input.vpcId === DEFAULT_VPC.id) {
    throw new ProblemError('built-in', 'the default VPC has its one subnet; create a VPC of your own instead');
  }
  const vpc = draft.vpcs.get(input.vpcId);
  if (vpc === undefined) refuseField('reference-not-found', `${at}/vpcId`, `there is no VPC ${input.vpcId}`);
  checkQuota(draft, 'subnets', draft.subnets.size + 1);
  checkSubnetName(draft, input.name, at);
  const cidr = canonicalNetwork(input.cidr)!;
  checkSize(cidr, SUBNET.prefix, `${at}/cidr`);
  if (!isInside(cidr, vpc.cidrs)) {
    refuseField('validation-failed', `${at}/cidr`, `${cidr} is not within VPC ${vpc.name}`, vpc.cidrs.join(', '));
  }
  const range = networkRange(cidr)!;
  const others = subnetsOf(draft, vpc.id);
  const other = others.find((one) => overlap(networkRange(one.cidr)!, range));
  if (other !== undefined) {
    refuseField('network-taken', `${at}/cidr`, `${cidr} overlaps with ${other.cidr} of subnet ${other.name}`);
  }
  const second = addressText(range.family, range.first + 1n);
  const gateway = input.gateway === undefined ? second : gatewayOf(cidr, input.gateway, at);
  return draft.create('subnet', {
    tenantId: draft.tenantId,
    id: draft.newId('subnet'),
    name: input.name,
    vpcId: vpc.id,
    cidr,
    gateway,
    zone: checkZone(draft, input.zone ?? '', `${at}/zone`),
    reserved: reservedOf(cidr, input.reserved ?? [], at),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

/** Refused when an address that a load balancer has would be the gateway, or reserved, or when one is in another zone. */
export function updateSubnet(draft: Draft, subnet: SubnetRecord, patch: SubnetPatch, at = ''): SubnetRecord {
  if (patch.name !== undefined) checkSubnetName(draft, patch.name, at, subnet.id);
  // One that it has had since before zones were checked stays.
  if (patch.zone !== undefined && patch.zone !== subnet.zone) checkZone(draft, patch.zone, `${at}/zone`);
  const { gateway, reserved, ...plain } = patch;
  const updated = draft.update('subnet', subnet, {
    ...plain,
    ...(gateway !== undefined && { gateway: gatewayOf(subnet.cidr, gateway, at) }),
    ...(reserved !== undefined && { reserved: reservedOf(subnet.cidr, reserved, at) }),
  });
  if (updated.zone !== subnet.zone) checkZoneOfUsers(draft, updated, `${at}/zone`);
  const room = roomOf(updated);
  const losing = [...loadBalancersOf(draft)].filter(({ subnetId, vip }) => {
    return subnetId === subnet.id && room.reserved.some((block) => isIn(block, addressNumber(vip)!));
  });
  const [first] = losing;
  if (first === undefined) return updated;
  const field = `${at}/${first.vip === updated.gateway ? 'gateway' : 'reserved'}`;
  const reason = `${first.vip} is the VIP of load balancer ${first.name}`;
  throw new ProblemError('resource-in-use', `${field}: ${reason}`, {
    errors: [{ field, reason }],
    usedBy: losing.map((record) => refTo('loadBalancer', record)),
  });
}

/** Refused while load balancers are in it. */
export function deleteSubnet(draft: Draft, subnet: SubnetRecord): void {
  const users = [...loadBalancersOf(draft)].filter(({ subnetId }) => subnetId === subnet.id);
  checkUnused(
    `subnet ${subnet.name}`,
    users.map((record) => refTo('loadBalancer', record)),
  );
  draft.remove('subnet', subnet);
}

function checkSubnetName(draft: Draft, name: string, at: string, self?: string): void {
  checkName([defaultSubnet(draft.context.pools, draft.tenantId), ...draft.subnets.values()], name, at, self);
}

function gatewayOf(cidr: string, input: string | null, at: string): string | null {
  if (input === null) return null;
  const address = canonicalAddress(input)!;
  if (!isIn(networkRange(cidr)!, addressNumber(address)!)) {
    refuseField('validation-failed', `${at}/gateway`, `${address} is not in the subnet`, cidr);
  }
  return address;
}

function reservedOf(cidr: string, inputs: readonly string[], at: string): string[] {
  const range = networkRange(cidr)!;
  return inputs.map((input, i) => {
    const block = canonicalNetwork(input)!;
    if (!isWithin(range, networkRange(block)!)) {
      refuseField('validation-failed', `${at}/reserved/${i}`, `${input} is not within the subnet`, cidr);
    }
    return block;
  });
}
