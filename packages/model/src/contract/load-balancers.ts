import { Id } from '../identifiers.ts';
import { IDLE_DAYS } from '../limits.ts';
import { LoadBalancerCreate, LoadBalancerCreated } from '../resources/document.ts';
import { IDLE_REASONS, IdleLoadBalancer } from '../resources/idle-load-balancer.ts';
import {
  LoadBalancer,
  LoadBalancerClone,
  LoadBalancerPatch,
  LoadBalancerType,
  LoadBalancerWritten,
} from '../resources/load-balancer.ts';
import {
  Force,
  LoadBalancerDeletion,
  LoadBalancersDeleted,
  LoadBalancersDeletion,
  ReleaseElasticIp,
} from '../resources/load-balancer-deletion.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['load balancers'] as const;
const params = Type.Object({ loadBalancerId: Id('loadBalancer', 'Identifier of the load balancer.') });
const path = '/v1/load-balancers/{loadBalancerId}';
const deletionQuery = Type.Object(
  { force: Type.Optional(Force), releaseElasticIp: Type.Optional(ReleaseElasticIp) },
  { additionalProperties: false },
);

export const loadBalancerRoutes = {
  listLoadBalancers: {
    method: 'GET',
    path: '/v1/load-balancers',
    summary: 'List load balancers',
    tags,
    query: ListQuery({ name: NameFilter, type: Type.Optional(LoadBalancerType), tag: TagFilter }),
    status: 200,
    response: Page(LoadBalancer),
  },
  createLoadBalancer: {
    method: 'POST',
    path: '/v1/load-balancers',
    summary: 'Create a load balancer',
    description:
      'The body may carry listeners, rule groups, backend services, target groups and targets. Then all of them are created, or ' +
      'none: the first error leaves nothing behind.',
    tags,
    body: Ref(LoadBalancerCreate),
    status: 201,
    response: Ref(LoadBalancerCreated),
    idempotent: true,
  },
  getLoadBalancer: {
    method: 'GET',
    path,
    summary: 'Show a load balancer',
    tags,
    params,
    status: 200,
    response: Ref(LoadBalancer),
  },
  updateLoadBalancer: {
    method: 'PATCH',
    path,
    summary: 'Change a load balancer',
    tags,
    params,
    body: Ref(LoadBalancerPatch),
    status: 200,
    response: Ref(LoadBalancerWritten),
    ifMatch: true,
  },
  cloneLoadBalancer: {
    method: 'POST',
    path: `${path}/clone`,
    summary: 'Create a load balancer like another one, with an address of its own',
    description:
      'Its listeners, rule groups, backend services, target groups and targets are created again, with all their ' +
      'settings, as they are named; all of them, or none. Certificates, authorities, security policies and security ' +
      'groups are those of the other. It has no elastic IP, and deletion protection is off.',
    tags,
    params,
    body: Ref(LoadBalancerClone),
    status: 201,
    response: Ref(LoadBalancerCreated),
    idempotent: true,
  },
  startLoadBalancer: {
    method: 'POST',
    path: `${path}/start`,
    summary: 'Enable all listeners of a load balancer',
    tags,
    params,
    status: 200,
    response: Ref(LoadBalancerWritten),
    ifMatch: true,
  },
  stopLoadBalancer: {
    method: 'POST',
    path: `${path}/stop`,
    summary: 'Disable all listeners of a load balancer',
    description:
      'Nothing is accepted any more, what is under way has the drain time to end, and targets are not checked. A load ' +
      'balancer is stopped as soon as none of its listeners is enabled, and runs again as soon as one is.',
    tags,
    params,
    status: 200,
    response: Ref(LoadBalancerWritten),
    ifMatch: true,
  },
  deleteLoadBalancer: {
    method: 'DELETE',
    path,
    summary: 'Delete a load balancer',
    description:
      'Its listeners, rule groups, backend services and target groups go with it; its elastic IP is ' +
      'disassociated and kept, unless it is to be released. With many targets, or with targets and much traffic, it has ' +
      'to be forced.',
    tags,
    params,
    query: deletionQuery,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
  getLoadBalancerDeletion: {
    method: 'GET',
    path: `${path}/deletion`,
    summary: 'Show what the deletion of a load balancer would mean',
    description:
      'Nothing is changed. The answer has everything that would go with it, what stands in the way, and its listeners ' +
      'with the connections that they have open. The query is that of the deletion.',
    tags,
    params,
    query: deletionQuery,
    status: 200,
    response: Ref(LoadBalancerDeletion),
  },
  deleteLoadBalancers: {
    method: 'POST',
    path: '/v1/load-balancers/delete',
    summary: 'Delete several load balancers',
    description: 'As with one: all of them in one change, or none when one is refused.',
    tags,
    body: Ref(LoadBalancersDeletion),
    status: 200,
    response: Ref(LoadBalancersDeleted),
    idempotent: true,
  },
  listIdleLoadBalancers: {
    method: 'GET',
    path: '/v1/idle-load-balancers',
    summary: 'List load balancers that do nothing',
    description:
      'Those that have no listeners or no targets some days after their creation, or have had no traffic for so many days.',
    tags,
    query: ListQuery({
      days: Type.Optional(
        Type.Integer({ ...IDLE_DAYS, description: 'Days since their creation, and without traffic, at least.' }),
      ),
      reason: Type.Optional(Words(IDLE_REASONS, 'Only those that are idle for this reason.')),
    }),
    status: 200,
    response: Page(IdleLoadBalancer),
  },
} as const satisfies Record<string, Route>;
