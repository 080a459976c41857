import { ENDED_BY } from '../end-reasons.ts';
import { NodeId } from '../identifiers.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

/** What one node was asked, and whether it answered. */
export const AskedNode = Output('AskedNode', {
  node: NodeId('The node.'),
  answered: Type.Boolean({ description: 'Whether it has answered.' }),
  problem: Type.String({ description: 'Empty, or why it has not.' }),
  since: Nullable(Timestamp('When the oldest request ended that it remembers; null: it remembers none')),
});
export type AskedNode = Static<typeof AskedNode>;

export const endOfRequest = {
  reason: Type.String({ description: 'As in log and metrics: `none`, or who and in which phase.' }),
  endedBy: Words(ENDED_BY, 'Who has ended it; `nobody`: it ended as it should.'),
  phase: Type.String({ description: 'In which phase; empty: it ended as it should.' }),
};

export const EndedRequest = Output('EndedRequest', {
  node: NodeId('The node that carried it.'),
  endedAt: Timestamp('When it ended'),
  loadBalancerId: Type.String({ description: 'The load balancer.' }),
  listenerId: Type.String({ description: 'The listener.' }),
  status: Nullable(Type.Integer({ description: 'Sent to the client; 499: it left before there was one.' })),
  ...endOfRequest,
  meaning: Type.String({ description: 'The reason in words.' }),
  log: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    description: 'Its line of the access log, field by field.',
  }),
});
export type EndedRequest = Static<typeof EndedRequest>;

export const RequestReport = Output('RequestReport', {
  requestId: Type.String({ description: 'The identifier.' }),
  requests: Type.Array(Ref(EndedRequest), { description: 'Requests with it, the newest first.' }),
  nodes: Type.Array(Ref(AskedNode), { description: 'Who was asked.' }),
});
export type RequestReport = Static<typeof RequestReport>;

export const EndedRequests = Output('EndedRequests', {
  requests: Type.Array(Ref(EndedRequest), {
    description: 'The newest of all nodes that were asked, the newest first.',
  }),
  nodes: Type.Array(Ref(AskedNode), { description: 'Who was asked.' }),
});
export type EndedRequests = Static<typeof EndedRequests>;
