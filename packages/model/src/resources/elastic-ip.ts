import { Id } from '../identifiers.ts';
import { ELASTIC_IP_BANDWIDTH } from '../limits.ts';
import { Address, Input, Nullable, Output, optional, Patch } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';

const settings = {
  description: Description,
  tags: Tags,
  bandwidth: Nullable(
    Type.Integer({
      ...ELASTIC_IP_BANDWIDTH,
      description:
        'What its load balancer may send to clients on a node, by all its listeners and addresses together, in millions ' +
        'of bits per second. Connections wait, datagrams beyond it are lost. null: no limit.',
    }),
  ),
};

const properties = resource(Id('elasticIp', 'Identifier of the elastic IP.'), {
  tenantId: TenantId,
  address: Address('The address. Fixed after creation.'),
  loadBalancerId: Nullable(Id('loadBalancer', 'The load balancer that it is associated with, if any.')),
  ...settings,
});

export const ElasticIp = Output('ElasticIp', properties);
export type ElasticIp = Static<typeof ElasticIp>;

export const ElasticIpWritten = Written('ElasticIpWritten', properties);

export const ElasticIpCreate = Input('ElasticIpCreate', {
  name: Type.Optional(Name),
  address: Type.Optional(Address('A free address of the pool; without it, one is chosen.')),
  ...optional(settings),
});
export type ElasticIpCreate = Static<typeof ElasticIpCreate>;

/** An elastic IP in a configuration document; who it is associated with is said there. */
export const ElasticIpDocument = Input('ElasticIpDocument', {
  name: Name,
  address: ElasticIpCreate.properties.address,
  ...optional(settings),
});
export type ElasticIpDocument = Static<typeof ElasticIpDocument>;

export const ElasticIpPatch = Patch('ElasticIpPatch', { name: Name, ...settings });
export type ElasticIpPatch = Static<typeof ElasticIpPatch>;

export const ElasticIpAssociation = Input('ElasticIpAssociation', {
  loadBalancerId: Id('loadBalancer', 'A load balancer that has no elastic IP yet.'),
});
export type ElasticIpAssociation = Static<typeof ElasticIpAssociation>;
