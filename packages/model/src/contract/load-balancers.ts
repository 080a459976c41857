import { Id } from '../identifiers.ts';
import { LoadBalancerCreate, LoadBalancerCreated } from '../resources/document.ts';
import { LoadBalancer, LoadBalancerPatch, LoadBalancerType, LoadBalancerWritten } from '../resources/load-balancer.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['load balancers'] as const;
const params = Type.Object({ loadBalancerId: Id('loadBalancer', 'Identifier of the load balancer.') });
const path = '/v1/load-balancers/{loadBalancerId}';

export const loadBalancerRoutes = {
  listLoadBalancers: {
    method: 'GET',
    path: '/v1/load-balancers',
    summary: 'List load balancers',
    tags,
    query: ListQuery({ name: NameFilter, type: Type.Optional(LoadBalancerType) }),
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
  deleteLoadBalancer: {
    method: 'DELETE',
    path,
    summary: 'Delete a load balancer',
    description:
      'Its listeners, rule groups, backend services and target groups go with it; its elastic IP is ' +
      'disassociated and kept.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
