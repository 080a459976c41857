import { Id, NodeId } from '../identifiers.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
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

/** A listener that a node cannot run, among those that the operation touched. */
export const RefusedOnNode = Output('RefusedOnNode', {
  listenerId: Id('listener', 'The listener.'),
  code: Type.String({
    description: '`address-in-use`, `address-not-available`, `permission-denied`, `certificate-unusable` or `failed`.',
  }),
  detail: Type.String({ description: 'The reason in words.' }),
});

/** What a node could not run when the operation was settled. */
export const RefusedThen = Output('RefusedThen', {
  node: NodeId('The node.'),
  listenerId: Id('listener', 'The listener.'),
  code: Type.String({ description: 'As in `nodes`.' }),
  detail: Type.String({ description: 'The reason in words.' }),
});

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
  generation: Type.Integer({ description: 'Applied when every node has applied this generation or a later one.' }),
  action: Type.String({
    description:
      'The operationId of the API call that made it; `rotateTicketKeys` is done by the control plane itself.',
  }),
  resources: Type.Array(Ref(ResourceRef), {
    description: 'What was created, changed or deleted; the first 20.',
  }),
  status: Words(
    ['pending', 'applied', 'refused'],
    '`applied`: every node runs it; `refused`: every node has seen it, at least one cannot run a listener of it.',
  ),
  createdAt: Timestamp('Creation'),
  settledAt: Nullable(Timestamp('When the status became `applied` or `refused`')),
  refused: Type.Array(Ref(RefusedThen), {
    description: 'Why it was refused when it was settled; the first 20. Nodes try again: `nodes` shows what is so now.',
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
