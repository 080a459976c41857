import { NodeId } from '../identifiers.ts';
import { PEER_STATES, SHARING_STATES } from '../plan/sharing.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { RefusedOnNode } from './operation.ts';

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

export const Node = Output('Node', {
  id: NodeId('The name that the node agent gives itself.'),
  zone: Type.String({ description: 'Its zone; may be empty.' }),
  status: Words(['online', 'offline'], 'Whether its agent is connected.'),
  software: Type.String({ description: 'Version of the agent.' }),
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
