import { NodeId } from '../identifiers.ts';
import { NODE_STATES } from '../join-words.ts';
import { PEER_STATES, SHARING_STATES } from '../plan/sharing.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { RefusedOnNode } from './operation.ts';
import { NODE_DUTIES } from './placement.ts';

export const FlowSharing = Output('FlowSharing', {
  state: Words(SHARING_STATES, '`joining`: it has yet to learn what other nodes know; `failed`: they cannot reach it.'),
  reason: Type.String({ description: 'Why it has failed; else empty.' }),
  address: Nullable(Type.String({ description: 'Where other nodes reach it; null while it does not listen.' })),
  port: Nullable(Type.Integer({ description: 'TCP port of the same.' })),
  peers: Type.Array(
    Type.Object({
      node: NodeId('Another node of its zone.'),
      state: Words(PEER_STATES, 'Whether both tell each other of flows.'),
      reason: Type.String({ description: 'Why it is unreachable; else empty.' }),
      since: Timestamp('Since when'),
    }),
  ),
});
export type FlowSharing = Static<typeof FlowSharing>;

export const NodeCapacity = Output('NodeCapacity', {
  cpus: Type.Integer({ description: 'CPUs that it may use.' }),
  memory: Type.Integer({ description: 'Bytes of memory.' }),
  descriptors: Type.Integer({ description: 'Descriptors that the agent may have open; 0: it does not know.' }),
});

export const NodeCertificate = Output('NodeCertificate', {
  serialNumber: Type.String({ description: 'Of its newest certificate, in hexadecimal.' }),
  joinTokenId: Type.String({ description: 'The join token that it has joined with.' }),
  joinedAt: Timestamp('When it has joined'),
  issuedAt: Timestamp('When it was given its newest certificate'),
  expiresAt: Timestamp('When that ends; a node that is connected is given another long before'),
});

export const Node = Output('Node', {
  id: NodeId('The name that the node agent gives itself.'),
  zone: Type.String({ description: 'Its zone; may be empty.' }),
  status: Words(['online', 'offline'], 'Whether its agent is connected.'),
  duty: Words(NODE_DUTIES, '`cordoned`: it keeps what it has and gets nothing new; `drained`: it is to have nothing.'),
  state: Words(
    NODE_STATES,
    '`ready`: it is connected and gives signs of life; `not-ready`: it is not, or does not; `revoked`: it is a node no longer.',
  ),
  revokedAt: Nullable(Timestamp('When it was revoked; null: it was not')),
  certificate: Nullable(Ref(NodeCertificate)),
  software: Type.String({ description: 'Version of the agent.' }),
  protocol: Type.Integer({
    description:
      'Version of what it says on its stream; the control plane serves its own, the one before and the next.',
  }),
  kernel: Type.String({ description: "Release of its operating system's kernel; empty: it does not say." }),
  capacity: Nullable(Ref(NodeCapacity)),
  connections: Nullable(
    Type.Integer({
      description: 'Connections that its workers have open, to clients and to targets; null: not known.',
    }),
  ),
  kernelFlows: Nullable(
    Type.Integer({ description: 'Flows that its kernel carries, as a sample says; null: not known.' }),
  ),
  denied: Nullable(
    Type.Integer({
      description:
        'Connections, datagrams and packets that the deny list of the installation has refused there so far; null: not known.',
    }),
  ),
  reactor: Type.String({ description: 'How it does I/O: `uring` or `portable`.' }),
  workers: Type.Integer({ description: 'Traffic workers.' }),
  appliedGeneration: Type.Integer({ description: 'The newest generation that it has applied.' }),
  behind: Type.Integer({ description: 'How many generations it has yet to apply.' }),
  refused: Type.Array(Ref(RefusedOnNode), { description: 'Every listener that it cannot run.' }),
  overload: Type.Array(Type.String(), {
    description:
      'What its workers are out of, so that they turn new work away: `time`, `buffers`, `descriptors`, `memory`. ' +
      'Empty as a rule.',
  }),
  flowSharing: Nullable(Ref(FlowSharing)),
  firstSeenAt: Timestamp('First connection'),
  lastSeenAt: Timestamp('Last sign of life'),
  connectedAt: Nullable(Timestamp('Start of the present connection; null while offline')),
});
export type Node = Static<typeof Node>;
