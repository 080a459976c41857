import { Id } from '../identifiers.ts';
import { REFUSALS } from '../plan/sources.ts';
import { Nullable, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { AskedNode, endOfRequest } from './ended-request.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const EndedCount = Output('EndedCount', { ...endOfRequest, count: count('How many ended so.') });
export type EndedCount = Static<typeof EndedCount>;

export const RefusedCount = Output('RefusedCount', {
  reason: Words(REFUSALS, 'What refuses the source.'),
  count: count('Connections, datagrams and, in the kernel, packets.'),
});
export type RefusedCount = Static<typeof RefusedCount>;

export const DesyncCount = Output('DesyncCount', {
  reason: Type.String({ description: 'As in metrics and logs.' }),
  count: count('Requests; one may have several reasons.'),
});
export type DesyncCount = Static<typeof DesyncCount>;

export const DroppedCount = Output('DroppedCount', {
  reason: Type.String({ description: 'As in metrics.' }),
  meaning: Type.String({ description: 'The reason in words.' }),
  count: count('Packets that were dropped so.'),
});
export type DroppedCount = Static<typeof DroppedCount>;

export const KernelTraffic = Output('KernelTraffic', {
  packetsReceived: count('Packets from clients that met a target.'),
  packetsSent: count('Packets from targets to clients. Where targets answer directly, they pass the node by: 0.'),
  activeConnectionsError: count(
    '`activeConnections` is an estimate: the true number is within so many of that in 95 of 100 cases.',
  ),
  dropped: Type.Array(Ref(DroppedCount), { description: 'Packets that were dropped, by reason, the most first.' }),
});
export type KernelTraffic = Static<typeof KernelTraffic>;

const shared = {
  connections: count('Connections so far.'),
  activeConnections: count('Connections that are open.'),
  requests: count('Requests so far.'),
  activeRequests: count('Requests under way.'),
  responses: Type.Array(Type.Integer(), { description: 'Responses by class: those of 1xx, 2xx, 3xx, 4xx, 5xx.' }),
  bytesReceived: count('Bytes received.'),
  bytesSent: count('Bytes sent.'),
  kernel: Nullable(Ref(KernelTraffic)),
};

const nodes = Type.Array(Ref(AskedNode), {
  description: 'Who was asked; counts of nodes that did not answer are missing.',
});

/** What the nodes have counted since they started, added up; the same as their metrics. */
export const ListenerTraffic = Output('ListenerTraffic', {
  listenerId: Id('listener', 'The listener.'),
  ...shared,
  ended: Type.Array(Ref(EndedCount), {
    description: 'Requests and connections that ended, by reason, the most first.',
  }),
  refused: Type.Array(Ref(RefusedCount), {
    description: 'Connections and datagrams of sources that may not connect, by what refuses them, the most first.',
  }),
  desync: Type.Array(Ref(DesyncCount), {
    description: 'Requests that some server could understand in another way, by reason, the most first.',
  }),
  nodes,
});
export type ListenerTraffic = Static<typeof ListenerTraffic>;

export const TargetTraffic = Output('TargetTraffic', {
  targetId: Type.String({ description: 'The target.' }),
  address: Nullable(
    Type.String({ description: 'Where it is, also when it has been deregistered; null: nodes of older versions.' }),
  ),
  port: Nullable(Type.Integer({ description: 'Its port; null: that of the listener, or not known.' })),
  draining: Type.Boolean({
    description:
      'It has been deregistered, and every worker of every node that has it knows that: nothing new goes to it, and what ' +
      'is under way may end until the drain timeout of the service is over.',
  }),
  ...shared,
  idleConnections: count('Connections that are kept for later requests.'),
  connectErrors: count('Connections that could not be made.'),
  replays: count('Requests that were sent again because a kept connection had gone.'),
});
export type TargetTraffic = Static<typeof TargetTraffic>;

export const RuleTraffic = Output('RuleTraffic', {
  ruleId: Id('rule', 'The rule.'),
  name: Type.String({ description: 'Its name.' }),
  requests: count('Requests that it matched, whatever became of them.'),
});
export type RuleTraffic = Static<typeof RuleTraffic>;

export const RuleGroupTraffic = Output('RuleGroupTraffic', {
  ruleGroupId: Id('ruleGroup', 'The rule group.'),
  rules: Type.Array(Ref(RuleTraffic), {
    description: 'All rules of the group, in order of priority. A node counts 16,383 rules apart; others stay at 0.',
  }),
  nodes,
});
export type RuleGroupTraffic = Static<typeof RuleGroupTraffic>;

export const ServiceTraffic = Output('ServiceTraffic', {
  backendServiceId: Id('backendService', 'The backend service.'),
  targets: Type.Array(Ref(TargetTraffic)),
  nodes,
});
export type ServiceTraffic = Static<typeof ServiceTraffic>;
