import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { TargetGroup, TargetGroupCreate, TargetGroupPatch, TargetGroupWritten } from '../resources/target-group.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['target groups'] as const;
const params = Type.Object({ targetGroupId: Id('targetGroup', 'Identifier of the target group.') });
const path = '/v1/target-groups/{targetGroupId}';

export const targetGroupRoutes = {
  listTargetGroups: {
    method: 'GET',
    path: '/v1/target-groups',
    summary: 'List target groups',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only those of this load balancer.')),
    }),
    status: 200,
    response: Page(TargetGroup),
  },
  createTargetGroup: {
    method: 'POST',
    path: '/v1/target-groups',
    summary: 'Create a target group',
    tags,
    body: Ref(TargetGroupCreate),
    status: 201,
    response: Ref(TargetGroupWritten),
    idempotent: true,
  },
  getTargetGroup: {
    method: 'GET',
    path,
    summary: 'Show a target group',
    tags,
    params,
    status: 200,
    response: Ref(TargetGroup),
  },
  updateTargetGroup: {
    method: 'PATCH',
    path,
    summary: 'Change a target group',
    tags,
    params,
    body: Ref(TargetGroupPatch),
    status: 200,
    response: Ref(TargetGroupWritten),
    ifMatch: true,
  },
  deleteTargetGroup: {
    method: 'DELETE',
    path,
    summary: 'Delete a target group',
    description: 'Refused while a backend service uses it. Its targets go with it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
