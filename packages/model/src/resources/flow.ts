import { NodeId } from '../identifiers.ts';
import { FLOW_STATES, FLOWS_LISTENERS_TOLD, TRANSPORTS } from '../plan/flows.ts';
import { DATAPATHS } from '../plan/network.ts';
import { Nullable, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { AskedNode } from './ended-request.ts';

const Count = (description: string) => Type.Number({ minimum: 0, description });

export const Flow = Output('Flow', {
  node: NodeId('The node that carries it.'),
  listenerId: Type.String({ description: 'The listener.' }),
  backendServiceId: Type.String({ description: 'Whose target it goes to.' }),
  targetId: Type.String({ description: 'The target.' }),
  protocol: Words(TRANSPORTS, 'Its transport.'),
  client: Type.String({ description: 'Address of the client.' }),
  clientPort: Type.Integer({ description: 'Port of the client.' }),
  vip: Type.String({ description: 'The address that it went to.' }),
  vipPort: Type.Integer({ description: 'The port that it went to.' }),
  nodeAddress: Nullable(
    Type.String({
      description: 'The address of the node that the target sees, by source NAT; null: it sees the client.',
    }),
  ),
  nodePort: Nullable(
    Type.Integer({ description: 'The port of the node that the target sees; null: it sees the client.' }),
  ),
  state: Nullable(Words(FLOW_STATES, 'As the client’s packets show it; null: not known.')),
  idleSeconds: Nullable(Type.Integer({ description: 'Since its last packet from the client; null: not known.' })),
  writtenDown: Type.Boolean({
    description: 'It is in the table of flows whose slot has changed, without which it would lose its target.',
  }),
  packets: Nullable(Count('From the client, since it came into the sample; null: it is not in the sample.')),
  bytes: Nullable(Count('Their bytes, headers included.')),
  packetsPerSecond: Nullable(Count('Of late, by packets that were drawn; null: not asked for.')),
  bytesPerSecond: Nullable(Count('The same in bytes, headers included.')),
});
export type Flow = Static<typeof Flow>;

export const WatchedListener = Output('WatchedListener', {
  node: NodeId('The node.'),
  listenerId: Type.String({ description: 'The listener.' }),
  datapath: Words(DATAPATHS, 'What carries it there. Flows are listed of `kernel` alone.'),
  activeFlows: Count('Flows that are alive: in the kernel an estimate, in user space counted.'),
  activeFlowsError: Count('The true number is within so many of that in 95 of 100 cases.'),
  sampledOneIn: Type.Integer({
    minimum: 0,
    description: 'One flow in so many is in the sample, and so in the list; 1: all are. 0: none, in user space.',
  }),
});
export type WatchedListener = Static<typeof WatchedListener>;

export const Flows = Output('Flows', {
  flows: Type.Array(Ref(Flow), {
    description: 'Those that sent something last, first; or those that send the most bytes.',
  }),
  listeners: Type.Array(Ref(WatchedListener), {
    description: `What each node knows of the flows of each listener; at most ${FLOWS_LISTENERS_TOLD} of a node.`,
  }),
  nodes: Type.Array(Ref(AskedNode), { description: 'Who was asked.' }),
});
export type Flows = Static<typeof Flows>;
