import { Id, NodeId } from '../identifiers.ts';
import { Input, Nullable, Output, Ref, Seconds, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { NODE_DRAIN } from '../zones.ts';
import { Generation, OperationId } from './attributes.ts';

/** Which load balancers are on which nodes, and what nodes are there for. */

/** `cordoned`: it keeps what it has and gets nothing new; `drained`: it has nothing, or is about to. */
export const NODE_DUTIES = ['serving', 'cordoned', 'drained'] as const;
export type NodeDuty = (typeof NODE_DUTIES)[number];

export const DRAIN_STATES = ['moving', 'draining', 'drained'] as const;

export const NodeDrainInput = Input('NodeDrainInput', {
  deadline: Type.Optional(Seconds(NODE_DRAIN, 'How long the operation waits for connections to end.')),
  force: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Also the last node of a zone that takes load balancers: what only it has is then on none.',
    }),
  ),
});
export type NodeDrainInput = Static<typeof NodeDrainInput>;

const duty = Words(
  NODE_DUTIES,
  '`cordoned`: it keeps what it has and gets nothing new; `drained`: it is to have nothing.',
);

export const NodeDutyWritten = Output('NodeDutyWritten', {
  id: NodeId('The node.'),
  duty,
  generation: Generation,
  operationId: OperationId,
});
export type NodeDutyWritten = Static<typeof NodeDutyWritten>;

export const NodeDrainage = Output('NodeDrainage', {
  state: Words(
    DRAIN_STATES,
    '`moving`: others have yet to take over what it has; `draining`: it takes nothing new, and connections are left; ' +
      '`drained`: none is left, or the deadline is over.',
  ),
  waitsFor: Type.Array(NodeId('A node.'), { description: 'Nodes that have yet to take over a load balancer of it.' }),
  connections: Nullable(
    Type.Integer({
      description: 'Connections that are left, to clients and to targets; null: it is offline, or does not say.',
    }),
  ),
  kernelFlows: Nullable(
    Type.Integer({
      description:
        'Flows that its kernel carries, as a sample says. They are not waited for: when it lets go, its kernel knows them ' +
        'no more, and they go on through other nodes that have their VIP. Null: it is offline, or does not say.',
    }),
  ),
  since: Timestamp('When it began'),
  deadline: Timestamp('Until when the operation waits for connections to end'),
});
export type NodeDrainage = Static<typeof NodeDrainage>;

const PLACED_STATES = ['placed', 'leaving'] as const;

const placed = Words(PLACED_STATES, '`leaving`: until the nodes that it goes to have acknowledged it.');

export const PlacedLoadBalancer = Output('PlacedLoadBalancer', {
  id: Id('loadBalancer', 'A load balancer.'),
  name: Type.String({ description: 'Its name.' }),
  tenantId: Id('tenant', 'Its tenant.'),
  state: placed,
});
export type PlacedLoadBalancer = Static<typeof PlacedLoadBalancer>;

export const NodePlacement = Output('NodePlacement', {
  id: NodeId('The node.'),
  region: Type.String({ description: 'Name of the region that it is in.' }),
  zone: Type.String({ description: 'Name of its zone.' }),
  zoneKnown: Type.Boolean({ description: 'Whether there is a zone of that name; load balancers cannot name it else.' }),
  duty,
  drain: Nullable(Ref(NodeDrainage)),
  loadBalancers: Type.Array(Ref(PlacedLoadBalancer), {
    description: 'What it has, in order of creation; the first 1,000.',
  }),
  count: Type.Integer({ description: 'How many load balancers it has.' }),
});
export type NodePlacement = Static<typeof NodePlacement>;

export const PlacedOnNode = Output('PlacedOnNode', {
  node: NodeId('A node.'),
  zone: Type.String({ description: 'Its zone.' }),
  state: placed,
  online: Type.Boolean({ description: 'Whether its agent is connected.' }),
});
export type PlacedOnNode = Static<typeof PlacedOnNode>;

export const LoadBalancerPlacement = Output('LoadBalancerPlacement', {
  id: Id('loadBalancer', 'The load balancer.'),
  region: Type.String({ description: 'Its region.' }),
  zones: Type.Array(Type.String(), {
    description: 'The zones that it is in: those that it names, or all of its region.',
  }),
  nodesPerZone: Nullable(Type.Integer({ description: 'Nodes in each zone; null: all.' })),
  nodes: Type.Array(Ref(PlacedOnNode), { description: 'The nodes that have it, in order of zones and names.' }),
});
export type LoadBalancerPlacement = Static<typeof LoadBalancerPlacement>;
