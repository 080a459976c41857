import { Id, NodeId } from '../identifiers.ts';
import { LoadBalancerPlacement, NodeDrainInput, NodeDutyWritten, NodePlacement } from '../resources/placement.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import type { Route } from './route.ts';

const tags = ['placement'] as const;
const params = Type.Object({ nodeId: NodeId('Identifier of the node.') });
const node = '/v1/nodes/{nodeId}';

export const placementRoutes = {
  getLoadBalancerPlacement: {
    method: 'GET',
    path: '/v1/load-balancers/{loadBalancerId}/placement',
    summary: 'Show the nodes that have a load balancer',
    tags,
    params: Type.Object({ loadBalancerId: Id('loadBalancer', 'Identifier of the load balancer.') }),
    status: 200,
    response: Ref(LoadBalancerPlacement),
  },
  getNodePlacement: {
    method: 'GET',
    path: `${node}/placement`,
    summary: 'Show the load balancers that a node has, and how far its drain is',
    tags,
    params,
    status: 200,
    response: Ref(NodePlacement),
    reach: 'all',
  },
  cordonNode: {
    method: 'POST',
    path: `${node}/cordon`,
    summary: 'Place nothing new on a node',
    description: 'It keeps the load balancers that it has.',
    tags,
    params,
    status: 200,
    response: Ref(NodeDutyWritten),
    role: 'admin',
    reach: 'all',
  },
  uncordonNode: {
    method: 'POST',
    path: `${node}/uncordon`,
    summary: 'Take a node into use again, whether it was cordoned or drained',
    tags,
    params,
    status: 200,
    response: Ref(NodeDutyWritten),
    role: 'admin',
    reach: 'all',
  },
  drainNode: {
    method: 'POST',
    path: `${node}/drain`,
    summary: 'Take all load balancers off a node',
    description:
      'Those that others have to take over stay until these have acknowledged them. Then the node accepts nothing new, ' +
      'withdraws its VIPs, and connections have the drain time of their service to end. The operation is applied when ' +
      'none is left, or after the deadline. The node stays drained, also when it restarts, until it is uncordoned. ' +
      'Refused for the last node of a zone that takes load balancers, unless it is forced.',
    tags,
    params,
    body: Ref(NodeDrainInput),
    status: 200,
    response: Ref(NodeDutyWritten),
    role: 'admin',
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
