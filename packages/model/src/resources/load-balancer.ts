import { Id } from '../identifiers.ts';
import { SECURITY_GROUP } from '../limits.ts';
import { Address, Input, Nullable, Output, Patch, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { LOCAL_REGION, PLACEMENT, ZONE_NAME } from '../zones.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';
import { SpecificationOfLoadBalancer } from './specification.ts';

export const LOAD_BALANCER_TYPES = ['application', 'network', 'classic'] as const;

export const LoadBalancerType = Words(
  LOAD_BALANCER_TYPES,
  '`network` balances connections and datagrams without looking inside: tcp, udp, tcp-udp and ranges of ports. Fixed ' +
    'after creation.',
);

const settings = {
  description: Description,
  tags: Tags,
  specification: SpecificationOfLoadBalancer,
  deletionProtection: Type.Boolean({ default: false, description: 'While true, deletion is refused.' }),
  zones: Type.Array(Type.String({ ...ZONE_NAME, description: 'Name of a zone of its region.' }), {
    maxItems: PLACEMENT.zones,
    default: [],
    description:
      'Nodes of these zones have it. Empty: those of all zones of its region, or of the zone of its subnet, where that has ' +
      'one and no other can be named. A change replaces all of them.',
  }),
  nodesPerZone: Nullable(
    Type.Integer({
      ...PLACEMENT.nodesPerZone,
      default: null,
      description: 'So many nodes of each zone have it, or all where there are less; null: all of them.',
    }),
  ),
};

const securityGroupIds = Type.Array(Id('securityGroup', 'A security group of the same tenant.'), {
  maxItems: SECURITY_GROUP.ofLoadBalancer,
  default: [],
  description:
    'Who may connect to its listeners: the rules of all of them count together. Empty: everybody. A change replaces all of them.',
});

/** Of the load balancer itself and of documents that create one. */
export const LoadBalancerRegion = Type.String({
  ...ZONE_NAME,
  default: LOCAL_REGION.name,
  description: 'Name of the region that it is in. Without it, that of the zone of its subnet. Fixed after creation.',
});

const properties = resource(Id('loadBalancer', 'Identifier of the load balancer.'), {
  tenantId: TenantId,
  type: LoadBalancerType,
  region: LoadBalancerRegion,
  subnetId: Id('subnet', 'The subnet that its VIP is of. Fixed after creation.'),
  vip: Address('The address that its listeners are on.'),
  elasticIpId: Nullable(Id('elasticIp', 'The elastic IP that is associated with it, if any.')),
  securityGroupIds,
  ...settings,
  status: Words(
    ['pending', 'active', 'degraded', 'offline', 'stopping', 'stopped'],
    '`pending`: a node has yet to apply a listener; `offline`: no node that has a listener is connected, and each goes on ' +
      'with what it had; `degraded`: a node refused a listener; `stopped`: it has listeners, ' +
      'all are disabled, and no node accepts anything for them; `stopping`: a node has yet to apply the last change of one; ' +
      'else `active`.',
  ),
});

export const LoadBalancer = Output('LoadBalancer', properties);
export type LoadBalancer = Static<typeof LoadBalancer>;

export const LoadBalancerWritten = Written('LoadBalancerWritten', properties);

export const LoadBalancerPatch = Patch('LoadBalancerPatch', {
  name: Name,
  vip: Address(
    'A free address of its subnet. Its listeners accept there before they stop to do so on the old one, where the ' +
      'connections that are open go on.',
  ),
  securityGroupIds,
  ...settings,
});
export type LoadBalancerPatch = Static<typeof LoadBalancerPatch>;

/** What a client may set, for documents that create a load balancer; see document.ts. */
export const loadBalancerSettings = settings;

export const LoadBalancerClone = Input('LoadBalancerClone', {
  name: Type.Optional(Type.String({ ...Name, description: 'Default: the identifier.' })),
  vip: Type.Optional(Address('A free address of the subnet of the other; without it, one is chosen.')),
});
export type LoadBalancerClone = Static<typeof LoadBalancerClone>;
