import { OPERATION_STATES } from '../history-words.ts';
import { Id, NodeId } from '../identifiers.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { NODE_GONE_AFTER } from '../zones.ts';
import { OperationId } from './attributes.ts';

export const RESOURCE_KINDS = [
  'loadBalancer',
  'listener',
  'backendService',
  'targetGroup',
  'target',
  'ruleGroup',
  'rule',
  'elasticIp',
  'certificate',
  'authority',
  'securityPolicy',
  'securityGroup',
  'vpc',
  'subnet',
  'specification',
  'tenant',
  'user',
  'token',
  'accessPolicy',
  'accessKey',
  'webhook',
  'region',
  'zone',
  'node',
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];
const Kind = Words(RESOURCE_KINDS, 'Kind of resource.');

export const ResourceRef = Output('ResourceRef', {
  kind: Kind,
  id: Type.String({ description: 'Identifier.' }),
  name: Type.String({ description: 'Name at that time.' }),
});
export type ResourceRef = Static<typeof ResourceRef>;

const refusal = {
  listenerId: Id('listener', 'The listener.'),
  code: Type.String({
    description: '`address-in-use`, `address-not-available`, `permission-denied`, `certificate-unusable` or `failed`.',
  }),
  detail: Type.String({ description: 'The reason in words.' }),
  field: Type.String({
    description: 'The field of the listener, or of its load balancer, that it is about; empty: none in particular.',
  }),
  remedy: Type.String({ description: 'What to do about it.' }),
};

/** A listener that a node cannot run, among those that the operation touched. What it ran of it before goes on there. */
export const RefusedOnNode = Output('RefusedOnNode', refusal);

/** What a node could not run when the operation was settled. */
export const RefusedThen = Output('RefusedThen', { node: NodeId('The node.'), ...refusal });

export const OperationOnNode = Output('OperationOnNode', {
  node: NodeId('The node.'),
  state: Words(
    ['pending', 'applied', 'refused', 'offline'],
    '`refused`: applied, but for the listeners in `refused`; `offline`: not connected, and has not applied it.',
  ),
  appliedGeneration: Type.Integer({ description: 'The newest generation that the node has applied.' }),
  refused: Type.Array(Ref(RefusedOnNode)),
});

export const Operation = Output('Operation', {
  id: Id('operation', 'Identifier of the operation.'),
  generation: Type.Integer({
    description:
      'Applied when every node has applied this generation or a later one: all but those that were revoked, or that have ' +
      `not been connected, or not answered, for ${NODE_GONE_AFTER} seconds while there are others.`,
  }),
  action: Type.String({
    description:
      'The operationId of the API call that made it; `rotateTicketKeys` and `placeLoadBalancers` are done by the control ' +
      'plane itself.',
  }),
  resources: Type.Array(Ref(ResourceRef), {
    description: 'What was created, changed or deleted; the first 20.',
  }),
  status: Words(
    OPERATION_STATES,
    '`applied`: every node runs it, but those in `leftOut`; `refused`: at least one cannot run a listener of it; ' +
      '`cancelled`: it was taken back before every node had acknowledged it.',
  ),
  createdAt: Timestamp('Creation'),
  settledAt: Nullable(Timestamp('When the status was no longer `pending`')),
  cancelledBy: Nullable(Id('operation', 'The operation that has taken it back')),
  refused: Type.Array(Ref(RefusedThen), {
    description:
      'Why it was refused when it was settled, or tried again by `retryOperation`; the first 20. Nodes try again by ' +
      'themselves: `nodes` shows what is so now.',
  }),
  leftOut: Type.Array(NodeId('A node.'), {
    description:
      'Nodes that had yet to apply it when it was settled, and were not waited for: they had been away, or had not ' +
      `answered, for ${NODE_GONE_AFTER} seconds, or a drain was out of time. They apply the newest plan when they are ` +
      'back; the first 100.',
  }),
  nodes: Type.Array(Ref(OperationOnNode), { description: 'The nodes now; empty: no node has ever connected.' }),
});
export type Operation = Static<typeof Operation>;

/** The answer to a deletion. */
export const Deleted = Output('Deleted', {
  id: Type.String({ description: 'What was deleted.' }),
  generation: Type.Integer({ description: 'The generation of the configuration that this write made.' }),
  operationId: OperationId,
});
export type Deleted = Static<typeof Deleted>;
