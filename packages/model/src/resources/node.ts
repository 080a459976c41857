import { NodeId } from '../identifiers.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { RefusedOnNode } from './operation.ts';

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
  firstSeenAt: Timestamp('First connection'),
  lastSeenAt: Timestamp('Last sign of life'),
  connectedAt: Nullable(Timestamp('Start of the present connection; null while offline')),
});
export type Node = Static<typeof Node>;
