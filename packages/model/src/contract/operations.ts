import { OPERATION_STATES } from '../history-words.ts';
import { Id } from '../identifiers.ts';
import { WAIT } from '../limits.ts';
import { Operation } from '../resources/operation.ts';
import { OperationCancel, OperationCancelled } from '../resources/operation-cancelled.ts';
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
      status: Type.Optional(Words(OPERATION_STATES, 'Only operations with this status.')),
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
  cancelOperation: {
    method: 'POST',
    path: '/v1/operations/{operationId}/cancel',
    summary: 'Take a change back that not every node has acknowledged',
    description:
      'One change: what the operation created is deleted, what it changed or deleted is as it was before it. All that was ' +
      'changed beside it stays. Nodes that run it already take it back as well; those that do not have it yet are told of both ' +
      'at once. It makes a revision and an operation of its own, which is the one to wait for. Refused with ' +
      '`operation-settled` when every node has acknowledged it, and with `cancel-impossible` when something later depends on ' +
      'it: the same object was changed again, a newer object refers to one of it, or what would come back has lost its place ' +
      'to another. With `dryRun` the answer is what it would change, and which listeners it would touch.',
    tags,
    params: Type.Object({ operationId: Id('operation', 'Identifier of the operation.') }),
    body: Ref(OperationCancel),
    status: 200,
    response: Ref(OperationCancelled),
  },
  retryOperation: {
    method: 'POST',
    path: '/v1/operations/{operationId}/retry',
    summary: 'Have nodes try at once what they refused, or have yet to apply',
    description:
      'Nodes try again by themselves, at first after a second and then less and less often, at least every 30 s. This has them ' +
      'do so now, for instance when the port is free at last. What they try is the configuration as it is now, which may be ' +
      'newer than the operation. The answer is the operation after that: `applied` when no node refuses a listener of it any ' +
      'more. Nodes that are offline get it when they are back.',
    tags,
    params: Type.Object({ operationId: Id('operation', 'Identifier of the operation.') }),
    status: 200,
    response: Ref(Operation),
  },
} as const satisfies Record<string, Route>;
