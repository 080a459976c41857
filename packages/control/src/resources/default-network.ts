import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { DEFAULT_VPC } from '@evenkeel/model/resources/vpc.ts';
import type { SubnetRecord, VpcRecord } from '../state/records.ts';
import { type AddressPools, LOOPBACK } from './addresses.ts';

/** A VPC that is stored, or that every tenant has. */
export type AnyVpc = Omit<VpcRecord, 'generation' | 'createdAt' | 'updatedAt'>;

export interface AnySubnet extends Omit<SubnetRecord, 'generation' | 'createdAt' | 'updatedAt'> {
  /** Networks beside its own of which addresses may be asked for. */
  readonly onRequest?: readonly string[];
}

/** The VPC that every tenant has. It is not stored: what it is made of are options of the control plane. */
export function defaultVpc(pools: AddressPools, tenantId: string): AnyVpc {
  const cidrs = [pools.vip.cidr, ...(pools.vip6 === undefined ? [] : [pools.vip6])];
  return { ...DEFAULT_VPC, tenantId, cidrs, description: 'What --vip-pool gives to everybody.', tags: {} };
}

/** Its only subnet. Its addresses are looked for one after the other, see addresses.ts. */
export function defaultSubnet(pools: AddressPools, tenantId: string): AnySubnet {
  const { cidr } = pools.vip;
  return {
    ...DEFAULT_SUBNET,
    tenantId,
    vpcId: DEFAULT_VPC.id,
    cidr,
    gateway: null,
    zone: '',
    reserved: [],
    description: '',
    tags: {},
    onRequest: [...(cidr === LOOPBACK.cidr ? [] : [LOOPBACK.cidr]), ...(pools.vip6 === undefined ? [] : [pools.vip6])],
  };
}
