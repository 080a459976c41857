import { Id } from '../identifiers.ts';
import { BATCH, CHANGE_SET, DOCUMENT } from '../limits.ts';
import { Input, Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, OperationId } from './attributes.ts';
import { configuration, LoadBalancerDocument, ObjectChange } from './document.ts';
import { Impact } from './impact.ts';
import { RESOURCE_KINDS } from './operation.ts';

/** The calls that a change set may consist of: all that change what balances load, and no others. */
export const CHANGE_OPERATIONS = [
  'createLoadBalancer',
  'updateLoadBalancer',
  'cloneLoadBalancer',
  'startLoadBalancer',
  'stopLoadBalancer',
  'deleteLoadBalancer',
  'deleteLoadBalancers',
  'createListener',
  'updateListener',
  'deleteListener',
  'createBackendService',
  'updateBackendService',
  'deleteBackendService',
  'rotateStickinessKey',
  'createTargetGroup',
  'updateTargetGroup',
  'deleteTargetGroup',
  'registerTargets',
  'updateTargets',
  'deregisterTargets',
  'updateTarget',
  'deregisterTarget',
  'createRuleGroup',
  'updateRuleGroup',
  'deleteRuleGroup',
  'createRule',
  'replaceRules',
  'updateRule',
  'deleteRule',
  'createElasticIp',
  'updateElasticIp',
  'deleteElasticIp',
  'associateElasticIp',
  'disassociateElasticIp',
  'createCertificate',
  'updateCertificate',
  'deleteCertificate',
  'createAuthority',
  'updateAuthority',
  'deleteAuthority',
  'createSecurityPolicy',
  'updateSecurityPolicy',
  'deleteSecurityPolicy',
  'createSecurityGroup',
  'updateSecurityGroup',
  'deleteSecurityGroup',
  'createVpc',
  'updateVpc',
  'deleteVpc',
  'createSubnet',
  'updateSubnet',
  'deleteSubnet',
] as const;
export type ChangeOperation = (typeof CHANGE_OPERATIONS)[number];

const refText = {
  minLength: 1,
  maxLength: 40,
  pattern: '^[A-Za-z][A-Za-z0-9_-]*$',
};
const anyObject = (description: string) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', description });

export const PlannedChange = Input('PlannedChange', {
  operation: Words(CHANGE_OPERATIONS, 'The operationId of the call.'),
  ref: Type.Optional(
    Type.String({
      ...refText,
      description:
        'A name for what the call creates. Where later changes have an identifier, in `params` or in `body`, they may ' +
        'have `{"$ref": "name"}`; and `{"$ref": "name", "kind": "backendService", "name": "app"}` for something that ' +
        'was created along with it.',
    }),
  ),
  params: Type.Optional(anyObject('The parameters of the path of the call, by name.')),
  body: Type.Optional(anyObject('The body of the call.')),
  ifGeneration: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Refused unless the object that the path names is of this generation.' }),
  ),
});
export type PlannedChange = Static<typeof PlannedChange>;

export const ChangeSetCreate = Input(
  'ChangeSetCreate',
  {
    description: Type.Optional(Description),
    changes: Type.Optional(
      Type.Array(Ref(PlannedChange), { maxItems: BATCH, description: 'Calls, carried out in this order.' }),
    ),
    ...configuration,
    loadBalancers: Type.Optional(
      Type.Array(Ref(LoadBalancerDocument), {
        maxItems: DOCUMENT.loadBalancers,
        description: 'Documents as `POST /v1/apply` takes them, as the lists before; they follow after the changes.',
      }),
    ),
  },
  'Several changes that are made together, or not at all.',
);
export type ChangeSetCreate = Static<typeof ChangeSetCreate>;

const number = Type.Integer({ minimum: 0 });
const summary = Type.Object({ created: number, updated: number, deleted: number });

const properties = {
  id: Id('changeSet', 'Identifier of the change set.'),
  description: Description,
  status: Words(
    ['planned', 'expired', 'applied'],
    '`expired`: it was not applied in time; it can be planned again until it is swept away.',
  ),
  generation: Type.Integer({
    description: 'The generation of the configuration that the plan was made on. The ETag is this number in quotes.',
  }),
  actor: Type.String({ description: 'Who made it.' }),
  summary,
  operationId: Nullable(OperationId),
  appliedGeneration: Nullable(Type.Integer({ description: 'The generation that it made; null: it is not applied.' })),
  createdAt: Timestamp('Creation'),
  updatedAt: Timestamp('When it was planned last, or applied'),
  expiresAt: Timestamp('When the plan expires'),
};

export const ChangeSetHead = Output('ChangeSetHead', properties);
export type ChangeSetHead = Static<typeof ChangeSetHead>;

export const ChangeSet = Output(
  'ChangeSet',
  {
    ...properties,
    changes: Type.Array(Ref(ObjectChange), {
      description: `What differs, field by field; the first ${CHANGE_SET.shown} objects, long values cut.`,
    }),
    impact: Ref(Impact),
  },
  'Changes that are made together, and what they would do. What they consist of is not shown: there may be keys in it.',
);
export type ChangeSet = Static<typeof ChangeSet>;

export const ChangeSetObject = Output('ChangeSetObject', {
  ref: Type.String({ description: 'The name in the change set.' }),
  kind: Words(RESOURCE_KINDS, 'Kind of resource.'),
  id: Type.String({ description: 'Identifier.' }),
  name: Type.String({ description: 'Name.' }),
});

export const ChangeSetApplied = Output('ChangeSetApplied', {
  id: Id('changeSet', 'The change set.'),
  generation: Type.Integer({ description: 'The generation of the configuration that it made.' }),
  operationId: OperationId,
  summary,
  created: Type.Array(Ref(ChangeSetObject), { description: 'What was created under a `ref`.' }),
});
export type ChangeSetApplied = Static<typeof ChangeSetApplied>;

export const ChangeSetDeleted = Output('ChangeSetDeleted', { id: Id('changeSet', 'The change set that is gone.') });
