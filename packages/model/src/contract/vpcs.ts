import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { Vpc, VpcCreate, VpcPatch, VpcWritten } from '../resources/vpc.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['networks'] as const;
const params = Type.Object({ vpcId: Id('vpc', 'Identifier of the VPC.') });
const path = '/v1/vpcs/{vpcId}';

export const vpcRoutes = {
  listVpcs: {
    method: 'GET',
    path: '/v1/vpcs',
    summary: 'List VPCs',
    description: 'The default one, which every tenant has, comes first.',
    tags,
    query: ListQuery({ name: NameFilter, tag: TagFilter }),
    status: 200,
    response: Page(Vpc),
  },
  createVpc: {
    method: 'POST',
    path: '/v1/vpcs',
    summary: 'Create a VPC',
    description:
      'Networks may be those of other VPCs, also of other tenants: nodes have each address once, and so has the ' +
      'installation.',
    tags,
    body: Ref(VpcCreate),
    status: 201,
    response: Ref(VpcWritten),
    idempotent: true,
  },
  getVpc: {
    method: 'GET',
    path,
    summary: 'Show a VPC',
    tags,
    params,
    status: 200,
    response: Ref(Vpc),
  },
  updateVpc: {
    method: 'PATCH',
    path,
    summary: 'Change a VPC',
    description: 'Refused when a subnet would be outside of its networks.',
    tags,
    params,
    body: Ref(VpcPatch),
    status: 200,
    response: Ref(VpcWritten),
    ifMatch: true,
  },
  deleteVpc: {
    method: 'DELETE',
    path,
    summary: 'Delete a VPC',
    description: 'Refused while it has subnets.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
