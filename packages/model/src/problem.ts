import { ERRORS, type ErrorCode } from './errors.ts';
import { ResourceRef } from './resources/operation.ts';
import { Output, Ref, Words } from './schema.ts';
import { type Static, Type } from './type.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const FieldError = Output('FieldError', {
  field: Type.String({
    description: 'JSON pointer (RFC 6901) into the body; `query`, `path` or `header` and the name.',
  }),
  reason: Type.String({ description: 'What is wrong.' }),
  allowed: Type.Optional(Type.Unknown({ description: 'What is allowed: values, a range or a pattern.' })),
});
export type FieldError = Static<typeof FieldError>;

/** Problem details (RFC 9457). */
export const Problem = Output('Problem', {
  type: Type.String({ description: '`urn:evenkeel:error:` and the code.' }),
  title: Type.String({ description: 'The kind of problem in words.' }),
  status: Type.Integer({ description: 'HTTP status.' }),
  code: Words(Object.keys(ERRORS) as ErrorCode[], 'Stable code of the kind of problem.'),
  detail: Type.String({ description: 'This problem in words.' }),
  instance: Type.Optional(Type.String({ description: 'Path of the request.' })),
  requestId: Type.Optional(Type.String({ description: 'What the log knows the request by.' })),
  errors: Type.Optional(Type.Array(Ref(FieldError), { description: 'The fields in question; the first 100.' })),
  usedBy: Type.Optional(Type.Array(Ref(ResourceRef), { description: 'What refers to the resource; the first 100.' })),
  quota: Type.Optional(
    Type.Object(
      { name: Type.String(), limit: Type.Integer(), used: Type.Integer() },
      { description: 'The quota that is exceeded, and how many there are.' },
    ),
  ),
});
export type Problem = Static<typeof Problem>;
