import { Id } from '../identifiers.ts';
import {
  ElasticIp,
  ElasticIpAssociation,
  ElasticIpCreate,
  ElasticIpPatch,
  ElasticIpWritten,
} from '../resources/elastic-ip.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['elastic IPs'] as const;
const params = Type.Object({ elasticIpId: Id('elasticIp', 'Identifier of the elastic IP.') });
const path = '/v1/elastic-ips/{elasticIpId}';

export const elasticIpRoutes = {
  listElasticIps: {
    method: 'GET',
    path: '/v1/elastic-ips',
    summary: 'List elastic IPs',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only that of this load balancer.')),
    }),
    status: 200,
    response: Page(ElasticIp),
  },
  createElasticIp: {
    method: 'POST',
    path: '/v1/elastic-ips',
    summary: 'Create an elastic IP',
    tags,
    body: Ref(ElasticIpCreate),
    status: 201,
    response: Ref(ElasticIpWritten),
    idempotent: true,
  },
  getElasticIp: {
    method: 'GET',
    path,
    summary: 'Show an elastic IP',
    tags,
    params,
    status: 200,
    response: Ref(ElasticIp),
  },
  updateElasticIp: {
    method: 'PATCH',
    path,
    summary: 'Change an elastic IP',
    tags,
    params,
    body: Ref(ElasticIpPatch),
    status: 200,
    response: Ref(ElasticIpWritten),
    ifMatch: true,
  },
  deleteElasticIp: {
    method: 'DELETE',
    path,
    summary: 'Delete an elastic IP',
    description: 'Refused while it is associated, unless it is to be disassociated first.',
    tags,
    params,
    query: Type.Object(
      {
        disassociate: Type.Optional(
          Type.Boolean({
            description: 'Whether it is taken from its load balancer first, if it has one. Default: no.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
  associateElasticIp: {
    method: 'POST',
    path: `${path}/associate`,
    summary: 'Associate an elastic IP with a load balancer',
    description: 'Its listeners then listen on the address too. Repeating it changes nothing.',
    tags,
    params,
    body: Ref(ElasticIpAssociation),
    status: 200,
    response: Ref(ElasticIpWritten),
    ifMatch: true,
    idempotent: true,
  },
  disassociateElasticIp: {
    method: 'POST',
    path: `${path}/disassociate`,
    summary: 'Disassociate an elastic IP',
    description: 'Repeating it changes nothing.',
    tags,
    params,
    status: 200,
    response: Ref(ElasticIpWritten),
    ifMatch: true,
    idempotent: true,
  },
} as const satisfies Record<string, Route>;
