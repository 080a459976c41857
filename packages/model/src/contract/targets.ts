import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import {
  Target,
  TargetPatch,
  TargetsDeregistration,
  TargetsPatch,
  TargetsRegistration,
  TargetsWritten,
  TargetWritten,
} from '../resources/target.ts';
import { Address, Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['targets'] as const;
const targetGroupId = Id('targetGroup', 'Identifier of the target group.');
const group = Type.Object({ targetGroupId });
const params = Type.Object({ targetGroupId, targetId: Id('target', 'Identifier of the target.') });
const collection = '/v1/target-groups/{targetGroupId}/targets';
const path = `${collection}/{targetId}` as const;

export const targetRoutes = {
  listTargets: {
    method: 'GET',
    path: collection,
    summary: 'List targets',
    tags,
    params: group,
    query: ListQuery({ address: Type.Optional(Address('Only those with this address.')) }),
    status: 200,
    response: Page(Target),
  },
  registerTargets: {
    method: 'POST',
    path: collection,
    summary: 'Register targets',
    description: 'Up to 500 in one call; all are registered, or none. They are probed at once.',
    tags,
    params: group,
    body: Ref(TargetsRegistration),
    status: 201,
    response: Ref(TargetsWritten),
    idempotent: true,
  },
  updateTargets: {
    method: 'PATCH',
    path: collection,
    summary: 'Change several targets',
    description: 'Up to 500 in one call; all are changed, or none.',
    tags,
    params: group,
    body: Ref(TargetsPatch),
    status: 200,
    response: Ref(TargetsWritten),
  },
  deregisterTargets: {
    method: 'POST',
    path: '/v1/target-groups/{targetGroupId}/deregister-targets',
    summary: 'Deregister targets',
    description:
      'Up to 500 in one call; all are deregistered, or none. They take no new traffic; what is under way may go on for ' +
      'the drain timeout of the backend service.',
    tags,
    params: group,
    body: Ref(TargetsDeregistration),
    status: 200,
    response: Ref(TargetsWritten),
    idempotent: true,
  },
  getTarget: {
    method: 'GET',
    path,
    summary: 'Show a target',
    tags,
    params,
    status: 200,
    response: Ref(Target),
  },
  updateTarget: {
    method: 'PATCH',
    path,
    summary: 'Change a target',
    tags,
    params,
    body: Ref(TargetPatch),
    status: 200,
    response: Ref(TargetWritten),
    ifMatch: true,
  },
  deregisterTarget: {
    method: 'DELETE',
    path,
    summary: 'Deregister a target',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
