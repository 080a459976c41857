import { Id } from '../identifiers.ts';
import { SUBNET, VPC } from '../limits.ts';
import { Input, Network, Output, optional, Patch, Ref } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, Tags, TenantId, Written } from './attributes.ts';
import { BuiltIn, historyOrNone } from './built-in.ts';
import { SubnetDocument } from './subnet.ts';

/** The network that every tenant has, whose addresses are those of `--vip-pool`. */
export const DEFAULT_VPC = { id: 'vpc-000000000000000000', name: 'default' } as const;

const settings = { description: Description, tags: Tags };

const cidrs = Type.Array(
  Network('A CIDR block within the networks that the installation allows (`--vpc-network`), such as 10.20.0.0/16.'),
  {
    minItems: 1,
    maxItems: VPC.cidrs,
    description:
      'IPv4 and IPv6 networks that do not overlap. Each subnet is within one of them. A change replaces all of them.',
  },
);

const properties = {
  id: Id('vpc', 'Identifier of the VPC.'),
  name: Name,
  tenantId: TenantId,
  builtIn: BuiltIn,
  cidrs,
  ...settings,
  subnetCount: Type.Integer({ description: 'How many subnets it has.' }),
  ...historyOrNone,
};

export const Vpc = Output('Vpc', properties, 'A network of a tenant, divided into subnets.');
export type Vpc = Static<typeof Vpc>;

export const VpcWritten = Written('VpcWritten', properties);

export const VpcCreate = Input('VpcCreate', { name: Name, cidrs, ...optional(settings) });
export type VpcCreate = Static<typeof VpcCreate>;

export const VpcPatch = Patch('VpcPatch', { name: Name, cidrs, ...settings });
export type VpcPatch = Static<typeof VpcPatch>;

/** A VPC in a configuration document: made so, when there is one with the name or not. */
export const VpcDocument = Input('VpcDocument', {
  name: Name,
  cidrs,
  ...optional(settings),
  subnets: Type.Optional(
    Type.Array(Ref(SubnetDocument), {
      maxItems: SUBNET.ofDocument,
      description: 'Found by name. Others that the VPC has stay as they are.',
    }),
  ),
});
export type VpcDocument = Static<typeof VpcDocument>;
