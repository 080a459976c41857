import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type as Typebox } from 'typebox';
import { Type } from './type.ts';

const shapes = (T: typeof Type) => [
  T.String(),
  T.String({ format: 'ip', maxLength: 45 }),
  T.Integer({ minimum: 1, maximum: 9, default: 3 }),
  T.Number({ minimum: 0.5 }),
  T.Boolean({ default: true, description: 'on' }),
  T.Unknown(),
  T.Unknown({ description: 'anything' }),
  T.Array(T.String({ minLength: 1 }), { maxItems: 5 }),
  T.Unsafe<'a' | 'b'>({ type: 'string', enum: ['a', 'b'] }),
  T.Object({}),
  T.Object({ a: T.String(), b: T.Optional(T.Integer()) }, { $id: 'Named', additionalProperties: false }),
  T.Object({ all: T.Optional(T.Array(T.String())) }),
  T.Object({ same: T.Optional(T.Unsafe({ $ref: 'Named#' })), other: T.Unsafe({ $ref: 'Named#' }) }),
];

test('schemas are the same text as those of typebox, the order of their fields included', () => {
  assert.equal(JSON.stringify(shapes(Type), null, 1), JSON.stringify(shapes(Typebox), null, 1));
});

test('a schema that is optional in one object is still required in another', () => {
  const name = Type.String();
  assert.deepEqual(Type.Object({ name: Type.Optional(name), id: name }), {
    type: 'object',
    required: ['id'],
    properties: { name: { type: 'string' }, id: { type: 'string' } },
  });
});
