import { Id } from '../identifiers.ts';
import { DESCRIPTION_LENGTH, NAME, NAME_PATTERN, TAGS } from '../limits.ts';
import { Output, Timestamp } from '../schema.ts';
import { type TProperties, type TSchema, Type } from '../type.ts';

/** Attributes that every resource has. */

export const Name = Type.String({
  minLength: NAME.minimum,
  maxLength: NAME.maximum,
  pattern: NAME_PATTERN,
  description: 'Letters and digits of any script, `_`, `-` and `.`.',
});

export const Description = Type.String({ maxLength: DESCRIPTION_LENGTH, default: '', description: 'Free text.' });

export const Tags = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  maxProperties: TAGS.count,
  propertyNames: { minLength: 1, maxLength: TAGS.keyLength },
  additionalProperties: { type: 'string', maxLength: TAGS.valueLength },
  default: {},
  description: 'Keys and values of your own. A change replaces all of them.',
});

export const TenantId = Id('tenant', 'The tenant that it belongs to. Fixed after creation.');

export const Generation = Type.Integer({
  minimum: 0,
  description: 'The generation of the configuration that last changed this object. Its ETag is this number in quotes.',
});

/** Identifier, name and history, in front of a resource's own fields. */
export function resource<I extends TSchema, P extends TProperties>(id: I, properties: P) {
  return {
    id,
    name: Name,
    ...properties,
    generation: Generation,
    createdAt: Timestamp('Creation'),
    updatedAt: Timestamp('Last change'),
  };
}

export const OperationId = Type.String({
  description:
    'The operation that carries the change to the nodes; wait for it with `GET /v1/operations/{operationId}`.',
});

/** The answer to a write: the resource and the operation that applies it. */
export function Written<P extends TProperties>(name: string, properties: P) {
  return Output(name, { ...properties, operationId: OperationId });
}
