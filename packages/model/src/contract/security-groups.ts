import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import {
  SecurityGroup,
  SecurityGroupCreate,
  SecurityGroupPatch,
  SecurityGroupWritten,
} from '../resources/security-group.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['security groups'] as const;
const params = Type.Object({ securityGroupId: Id('securityGroup', 'Identifier of the security group.') });
const path = '/v1/security-groups/{securityGroupId}';

export const securityGroupRoutes = {
  listSecurityGroups: {
    method: 'GET',
    path: '/v1/security-groups',
    summary: 'List security groups',
    tags,
    query: ListQuery({ name: NameFilter, tag: TagFilter }),
    status: 200,
    response: Page(SecurityGroup),
  },
  createSecurityGroup: {
    method: 'POST',
    path: '/v1/security-groups',
    summary: 'Create a security group',
    description: 'Takes effect for the load balancers that name it among their `securityGroupIds`.',
    tags,
    body: Ref(SecurityGroupCreate),
    status: 201,
    response: Ref(SecurityGroupWritten),
    idempotent: true,
  },
  getSecurityGroup: {
    method: 'GET',
    path,
    summary: 'Show a security group',
    tags,
    params,
    status: 200,
    response: Ref(SecurityGroup),
  },
  updateSecurityGroup: {
    method: 'PATCH',
    path,
    summary: 'Change a security group',
    description: 'For every load balancer that uses it, and every connection that begins from then on; others go on.',
    tags,
    params,
    body: Ref(SecurityGroupPatch),
    status: 200,
    response: Ref(SecurityGroupWritten),
    ifMatch: true,
  },
  deleteSecurityGroup: {
    method: 'DELETE',
    path,
    summary: 'Delete a security group',
    description: 'Refused while a load balancer uses it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
