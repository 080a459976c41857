import { isWithin, networkRange, overlap } from '@evenkeel/model/address-range.ts';
import { VPC } from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import { DEFAULT_VPC, type VpcCreate, type VpcPatch } from '@evenkeel/model/resources/vpc.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { SubnetRecord, VpcRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { defaultVpc } from './default-network.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo } from './rules.ts';

/** The VPC, for a change; refuses the one that every tenant has. */
export function getVpc(draft: Draft, id: string): VpcRecord {
  if (id === DEFAULT_VPC.id)
    throw new ProblemError('built-in', 'the default VPC is made by options of the control plane');
  return draft.vpcs.get(id) ?? notFound('VPC', id);
}

/** `at` is the pointer to `input`. */
export function createVpc(draft: Draft, input: VpcCreate, at = ''): VpcRecord {
  checkQuota(draft, 'vpcs', draft.vpcs.size + 1);
  checkVpcName(draft, input.name, at);
  return draft.create('vpc', {
    tenantId: draft.tenantId,
    id: draft.newId('vpc'),
    name: input.name,
    cidrs: cidrsOf(draft, input.cidrs, at),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

/** Refused when a subnet would be outside. */
export function updateVpc(draft: Draft, vpc: VpcRecord, patch: VpcPatch, at = ''): VpcRecord {
  if (patch.name !== undefined) checkVpcName(draft, patch.name, at, vpc.id);
  const { cidrs: wanted, ...plain } = patch;
  if (wanted === undefined) return draft.update('vpc', vpc, plain);
  const cidrs = cidrsOf(draft, wanted, at, vpc.cidrs);
  const outside = subnetsOf(draft, vpc.id).filter(({ cidr }) => !isInside(cidr, cidrs));
  if (outside.length > 0) {
    const reason = `${outside[0]!.cidr} of subnet ${outside[0]!.name} would be outside`;
    throw new ProblemError('resource-in-use', `${at}/cidrs: ${reason}`, {
      errors: [{ field: `${at}/cidrs`, reason, allowed: 'networks that all subnets are within' }],
      usedBy: outside.map((subnet) => refTo('subnet', subnet)),
    });
  }
  return draft.update('vpc', vpc, { ...plain, cidrs });
}

/** Refused while it has subnets. */
export function deleteVpc(draft: Draft, vpc: VpcRecord): void {
  const subnets = subnetsOf(draft, vpc.id).map((subnet) => refTo('subnet', subnet));
  checkUnused(`VPC ${vpc.name}`, subnets);
  draft.remove('vpc', vpc);
}

export function subnetsOf({ subnets }: Pick<State, 'subnets'>, vpcId: string): SubnetRecord[] {
  return [...subnets.values()].filter((subnet) => subnet.vpcId === vpcId);
}

/** Whether one of the networks has all of another. */
export function isInside(cidr: string, networks: readonly string[]): boolean {
  const inner = networkRange(cidr)!;
  return networks.some((network) => isWithin(networkRange(network)!, inner));
}

function checkVpcName(draft: Draft, name: string, at: string, self?: string): void {
  checkName([defaultVpc(draft.context.pools, draft.tenantId), ...draft.vpcs.values()], name, at, self);
}

/** `present`: those that it has. */
function cidrsOf(draft: Draft, inputs: readonly string[], at: string, present: readonly string[] = []): string[] {
  const cidrs: string[] = [];
  for (const [i, input] of inputs.entries()) {
    const place = `${at}/cidrs/${i}`;
    const cidr = canonicalNetwork(input)!;
    checkSize(cidr, VPC.prefix, place);
    checkAllowed(draft, cidr, place, present);
    const other = cidrs.find((before) => overlap(networkRange(before)!, networkRange(cidr)!));
    if (other !== undefined) refuseField('validation-failed', place, `${cidr} overlaps with ${other}`);
    cidrs.push(cidr);
  }
  return cidrs;
}

/**
 * Refuses a network that VPCs may not have here. `present`: those that the VPC has, which the installation may not allow
 * any more: it keeps them, or parts of them.
 */
export function checkAllowed(draft: Draft, cidr: string, at: string, present: readonly string[] = []): void {
  const { vpcNetworks = VPC.networks } = draft.context.pools;
  if (isInside(cidr, [...vpcNetworks, ...present])) return;
  const reason = `${cidr} is not within the networks that this installation allows VPCs`;
  const remedy = 'others when the control plane is started with --vpc-network (EVENKEEL_VPC_NETWORKS)';
  refuseField('address-not-allowed', at, reason, `${vpcNetworks.join(', ')}; ${remedy}`);
}

type Prefixes = Readonly<Record<'ipv4' | 'ipv6', { readonly minimum: number; readonly maximum: number }>>;

/** Refuses a network that is too large or too small. */
export function checkSize(cidr: string, { ipv4, ipv6 }: Prefixes, at: string): void {
  const bits = Number(cidr.slice(cidr.indexOf('/') + 1));
  const { minimum, maximum } = cidr.includes(':') ? ipv6 : ipv4;
  if (bits >= minimum && bits <= maximum) return;
  const reason = `/${bits} is too ${bits < minimum ? 'large' : 'small'} a network`;
  refuseField('validation-failed', at, reason, `/${minimum} to /${maximum}`);
}
