import { Id, NodeId } from '../identifiers.ts';
import { TARGET_HEALTH_STATES } from '../plan/stream.ts';
import { Node } from '../resources/node.ts';
import { TargetHealth } from '../resources/target-health.ts';
import { Output, Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const params = Type.Object({ nodeId: NodeId('Identifier of the node.') });

export const NodeForgotten = Output('NodeForgotten', { id: NodeId('The node that was forgotten.') });

export const nodeRoutes = {
  listNodes: {
    method: 'GET',
    path: '/v1/nodes',
    summary: 'List nodes',
    tags: ['nodes'],
    query: ListQuery({}),
    status: 200,
    response: Page(Node),
    reach: 'all',
  },
  getNode: {
    method: 'GET',
    path: '/v1/nodes/{nodeId}',
    summary: 'Show a node',
    tags: ['nodes'],
    params,
    status: 200,
    response: Ref(Node),
    reach: 'all',
  },
  forgetNode: {
    method: 'DELETE',
    path: '/v1/nodes/{nodeId}',
    summary: 'Forget a node that is gone for good',
    description:
      'Refused while it is online. Operations no longer wait for it, its certificate is good for nothing any more, and its ' +
      'name is free. When its agent connects with the token that nodes share, it is back.',
    tags: ['nodes'],
    params,
    status: 200,
    response: Ref(NodeForgotten),
    role: 'admin',
    reach: 'all',
  },
  revokeNode: {
    method: 'POST',
    path: '/v1/nodes/{nodeId}/revoke',
    summary: 'Revoke a node: it is none any more',
    description:
      'Its stream ends at once, and whatever it comes with is refused. It goes on with the plan that it has, until it is ' +
      'stopped. Its zone has new keys. Operations no longer wait for it. Once it is forgotten, its name is free.',
    tags: ['nodes'],
    params,
    status: 200,
    response: Ref(Node),
    role: 'admin',
    reach: 'all',
  },
  listTargetHealth: {
    method: 'GET',
    path: '/v1/target-health',
    summary: 'List the health of targets',
    tags: ['target health'],
    query: ListQuery({
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only within this load balancer.')),
      backendServiceId: Type.Optional(Id('backendService', 'Only as this backend service sees it.')),
      targetGroupId: Type.Optional(Id('targetGroup', 'Only of this target group.')),
      state: Type.Optional(Words(TARGET_HEALTH_STATES, 'Only targets in this state.')),
    }),
    status: 200,
    response: Page(TargetHealth),
  },
} as const satisfies Record<string, Route>;
