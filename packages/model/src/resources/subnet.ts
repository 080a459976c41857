import { Id } from '../identifiers.ts';
import { SUBNET } from '../limits.ts';
import { Address, Input, Network, Nullable, Output, optional, Patch, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, Tags, TenantId, Written } from './attributes.ts';
import { BuiltIn, historyOrNone } from './built-in.ts';
import { ResourceRef } from './operation.ts';

/** The subnet of the default VPC, which load balancers are in that name no other. */
export const DEFAULT_SUBNET = { id: 'sub-000000000000000000', name: 'default' } as const;

const cidr = Network(
  'A CIDR block within one of its VPC that overlaps with no other subnet of it. Fixed after creation.',
);

const gateway = Nullable(Address('Of the router, and never given to a load balancer; null: there is none.'));

const settings = {
  zone: Type.String({
    pattern: '^[A-Za-z0-9._-]*$',
    maxLength: 63,
    default: '',
    description:
      'The zone that it is of, one that there is: load balancers that have their VIPs of it are in that zone alone. May be ' +
      'empty; a change is refused while load balancers are elsewhere.',
  }),
  reserved: Type.Array(Network('An address, or a CIDR block within the subnet.'), {
    maxItems: SUBNET.reserved,
    default: [],
    description:
      'What is never given to a load balancer, besides the first address, the last one of IPv4, and the gateway. A ' +
      'change replaces all of them.',
  }),
  description: Description,
  tags: Tags,
};

const Addresses = (description: string) =>
  Type.Integer({ description: `${description} ${Number.MAX_SAFE_INTEGER}: so many, or more.` });

export const SubnetUsage = Output(
  'SubnetUsage',
  {
    total: Addresses('Addresses of its CIDR block.'),
    reserved: Addresses('Those that are never given.'),
    used: Addresses('Those of load balancers and elastic IPs, whoever they belong to.'),
    free: Addresses('All others.'),
  },
  'How many addresses of a subnet are given.',
);
export type SubnetUsage = Static<typeof SubnetUsage>;

const properties = {
  id: Id('subnet', 'Identifier of the subnet.'),
  name: Name,
  tenantId: TenantId,
  vpcId: Id('vpc', 'The VPC that it is in. Fixed after creation.'),
  builtIn: BuiltIn,
  cidr,
  gateway,
  ...settings,
  onRequest: Type.Array(Network('A CIDR block.'), {
    description:
      'Networks beside its own of which load balancers may have the address that they ask for: of the default subnet alone.',
  }),
  usage: Ref(SubnetUsage),
  ...historyOrNone,
};

export const Subnet = Output('Subnet', properties, 'A part of a VPC that load balancers have their addresses of.');
export type Subnet = Static<typeof Subnet>;

export const SubnetWritten = Written('SubnetWritten', properties);

const creation = {
  name: Name,
  cidr,
  gateway: Type.Optional(
    Nullable(
      Address(
        'Of the router, and never given to a load balancer; null: there is none. Default: the second address of the subnet.',
      ),
    ),
  ),
  ...optional(settings),
};

export const SubnetCreate = Input('SubnetCreate', { vpcId: Id('vpc', 'The VPC that it is in.'), ...creation });
export type SubnetCreate = Static<typeof SubnetCreate>;

export const SubnetPatch = Patch('SubnetPatch', { name: Name, gateway, ...settings });
export type SubnetPatch = Static<typeof SubnetPatch>;

/** A subnet in a configuration document, within its VPC. */
export const SubnetDocument = Input('SubnetDocument', creation);
export type SubnetDocument = Static<typeof SubnetDocument>;

export const SUBNET_ADDRESS_STATES = ['used', 'free'] as const;

export const SubnetAddress = Output(
  'SubnetAddress',
  {
    address: Address('The address.'),
    state: Words(SUBNET_ADDRESS_STATES, 'Whether it is given.'),
    usedBy: Nullable(Ref(ResourceRef)),
  },
  'An address of a subnet; `usedBy` is the load balancer or elastic IP that has it. Those of other tenants are not listed.',
);
export type SubnetAddress = Static<typeof SubnetAddress>;
