import { Id } from '../identifiers.ts';
import { WAIT } from '../limits.ts';
import { Operation } from '../resources/operation.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['operations'] as const;

export const operationRoutes = {
  listOperations: {
    method: 'GET',
    path: '/v1/operations',
    summary: 'List operations, the newest first',
    description: 'Operations are kept for seven days, the newest 10,000 at most.',
    tags,
    query: ListQuery({
      status: Type.Optional(Words(['pending', 'applied', 'refused'], 'Only operations with this status.')),
      resourceId: Type.Optional(
        Type.String({ minLength: 1, maxLength: 100, description: 'Only operations that changed this resource.' }),
      ),
    }),
    status: 200,
    response: Page(Operation),
  },
  getOperation: {
    method: 'GET',
    path: '/v1/operations/{operationId}',
    summary: 'Show an operation, or wait for it',
    description:
      'With `wait=applied` the answer comes when every node has acknowledged the generation of the operation, or when ' +
      'the timeout has passed: then its status is still `pending`, and `nodes` shows who is missing.',
    tags,
    params: Type.Object({ operationId: Id('operation', 'Identifier of the operation.') }),
    query: Type.Object(
      {
        wait: Type.Optional(Words(['applied'], 'What to wait for.')),
        timeout: Type.Optional(
          Type.Integer({
            minimum: WAIT.minimum,
            maximum: WAIT.maximum,
            default: WAIT.default,
            description: 'Longest wait in seconds.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(Operation),
  },
} as const satisfies Record<string, Route>;
