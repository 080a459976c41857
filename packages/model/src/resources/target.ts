import { Id } from '../identifiers.ts';
import { BATCH, NAME, TARGET_NAME_PATTERN, WEIGHT } from '../limits.ts';
import { TARGET_STATES } from '../plan/stickiness.ts';
import { Address, Input, Nullable, Output, Patch, Port, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId, resource, Written } from './attributes.ts';

const TargetName = Type.String({
  minLength: NAME.minimum,
  maxLength: NAME.maximum,
  pattern: TARGET_NAME_PATTERN,
  description: 'As other names, and with `:`, `[` and `]`: by default it is the address and port. Need not be unique.',
});

const identity = {
  address: Address('IPv4 or IPv6 address. Fixed after creation.'),
  port: Nullable(Port('null: the port of the backend service. Fixed after creation.')),
};

const settings = {
  weight: Type.Integer({
    minimum: WEIGHT.minimum,
    maximum: WEIGHT.maximum,
    default: WEIGHT.default,
    description: 'Share of the traffic relative to the other targets; 0 takes no new traffic.',
  }),
  zone: Type.String({ pattern: '^[A-Za-z0-9._-]*$', maxLength: 63, default: '', description: 'Where the target is.' }),
  state: Words(
    TARGET_STATES,
    '`draining`: only clients that stick to it come back to it; `disabled`: nobody does. What is under ' +
      'way may go on. Default: active.',
  ),
};

const properties = {
  ...resource(Id('target', 'Identifier of the target.'), {
    targetGroupId: Id('targetGroup', 'The target group that it is registered in.'),
    ...identity,
    ...settings,
  }),
  name: TargetName,
};

export const Target = Output('Target', properties);
export type Target = Static<typeof Target>;

export const TargetWritten = Written('TargetWritten', properties);

export const TargetPatch = Patch('TargetPatch', { name: TargetName, ...settings });
export type TargetPatch = Static<typeof TargetPatch>;

/** One target as a client names it. Address and port together are its identity within the group. */
export const TargetInput = Input('TargetInput', {
  name: Type.Optional(TargetName),
  address: identity.address,
  port: Type.Optional(identity.port),
  weight: Type.Optional(settings.weight),
  zone: Type.Optional(settings.zone),
  state: Type.Optional(settings.state),
});
export type TargetInput = Static<typeof TargetInput>;

const batch = { minItems: 1, maxItems: BATCH };

export const TargetsRegistration = Input(
  'TargetsRegistration',
  { targets: Type.Array(Ref(TargetInput), batch) },
  'All are registered, or none.',
);
export type TargetsRegistration = Static<typeof TargetsRegistration>;

const TargetChange = Patch('TargetChange', { id: properties.id, name: TargetName, ...settings });

export const TargetsPatch = Input(
  'TargetsPatch',
  {
    targets: Type.Array(
      Type.Unsafe<{ id: string } & TargetPatch>({ ...TargetChange, $id: undefined, required: ['id'] }),
      batch,
    ),
  },
  'All are changed, or none.',
);
export type TargetsPatch = Static<typeof TargetsPatch>;

export const TargetsDeregistration = Input(
  'TargetsDeregistration',
  { targetIds: Type.Array(properties.id, batch) },
  'All are deregistered, or none.',
);
export type TargetsDeregistration = Static<typeof TargetsDeregistration>;

/** The answer to a write on several targets. */
export const TargetsWritten = Output('TargetsWritten', {
  targets: Type.Array(Ref(Target), { description: 'The targets in question, as they are now (or last were).' }),
  generation: Type.Integer({ description: 'The generation of the configuration that this write made.' }),
  operationId: OperationId,
});
export type TargetsWritten = Static<typeof TargetsWritten>;
