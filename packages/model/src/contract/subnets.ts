import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import {
  SUBNET_ADDRESS_STATES,
  Subnet,
  SubnetAddress,
  SubnetCreate,
  SubnetPatch,
  SubnetWritten,
} from '../resources/subnet.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['networks'] as const;
const params = Type.Object({ subnetId: Id('subnet', 'Identifier of the subnet.') });
const path = '/v1/subnets/{subnetId}';

export const subnetRoutes = {
  listSubnets: {
    method: 'GET',
    path: '/v1/subnets',
    summary: 'List subnets, and how many of their addresses are given',
    description: 'The default one, which every tenant has, comes first.',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      vpcId: Type.Optional(Id('vpc', 'Only those of this VPC.')),
    }),
    status: 200,
    response: Page(Subnet),
  },
  createSubnet: {
    method: 'POST',
    path: '/v1/subnets',
    summary: 'Create a subnet',
    description: 'Load balancers have their addresses of it that name it as their `subnet`.',
    tags,
    body: Ref(SubnetCreate),
    status: 201,
    response: Ref(SubnetWritten),
    idempotent: true,
  },
  getSubnet: {
    method: 'GET',
    path,
    summary: 'Show a subnet, and how many of its addresses are given',
    tags,
    params,
    status: 200,
    response: Ref(Subnet),
  },
  listSubnetAddresses: {
    method: 'GET',
    path: `${path}/addresses`,
    summary: 'List addresses of a subnet',
    description: 'In order of their numbers. `free` are those that a load balancer could have.',
    tags,
    params,
    query: ListQuery({
      state: Type.Optional(Words(SUBNET_ADDRESS_STATES, 'Which of them. Default: used.')),
    }),
    status: 200,
    response: Page(SubnetAddress),
  },
  updateSubnet: {
    method: 'PATCH',
    path,
    summary: 'Change a subnet',
    description: 'Addresses that load balancers have can be neither reserved nor made the gateway.',
    tags,
    params,
    body: Ref(SubnetPatch),
    status: 200,
    response: Ref(SubnetWritten),
    ifMatch: true,
  },
  deleteSubnet: {
    method: 'DELETE',
    path,
    summary: 'Delete a subnet',
    description: 'Refused while load balancers are in it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
