import { Id } from '../identifiers.ts';
import { CHANGE_SET } from '../limits.ts';
import {
  ChangeSet,
  ChangeSetApplied,
  ChangeSetCreate,
  ChangeSetDeleted,
  ChangeSetHead,
} from '../resources/change-set.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['change sets'] as const;
const params = Type.Object({ changeSetId: Id('changeSet', 'Identifier of the change set.') });
const path = '/v1/change-sets/{changeSetId}';

export const changeSetRoutes = {
  listChangeSets: {
    method: 'GET',
    path: '/v1/change-sets',
    summary: 'List change sets',
    tags,
    query: ListQuery({}),
    status: 200,
    response: Page(ChangeSetHead),
  },
  createChangeSet: {
    method: 'POST',
    path: '/v1/change-sets',
    summary: 'Plan several changes as one',
    description:
      'Carries the changes out on a draft, one after the other, and keeps the draft from everybody: what is wrong with ' +
      'one of them is said with a pointer to it, and the answer is what all of them together would do, field by field, ' +
      'and which listeners with how many open connections they would touch. Nothing is changed. ' +
      `The plan is good for ${CHANGE_SET.seconds / 60} minutes; ${CHANGE_SET.open} of a tenant may wait to be applied.`,
    tags,
    body: Ref(ChangeSetCreate),
    status: 201,
    response: Ref(ChangeSet),
  },
  getChangeSet: {
    method: 'GET',
    path,
    summary: 'Show a change set with its plan',
    tags,
    params,
    status: 200,
    response: Ref(ChangeSet),
  },
  planChangeSet: {
    method: 'POST',
    path: `${path}/plan`,
    summary: 'Plan a change set anew, on the configuration as it is now',
    tags,
    params,
    status: 200,
    response: Ref(ChangeSet),
  },
  applyChangeSet: {
    method: 'POST',
    path: `${path}/apply`,
    summary: 'Do what the plan says, all of it or nothing',
    description:
      'Refused with `plan-outdated` when the changes would not do any more what the plan says, and with ' +
      '`precondition-failed` when the plan is not the one that `If-Match` names. Changes of others that the plan has ' +
      'nothing to do with are no hindrance. When it is applied already, the answer is the one that it had then.',
    tags,
    params,
    status: 200,
    response: Ref(ChangeSetApplied),
    ifMatch: true,
  },
  deleteChangeSet: {
    method: 'DELETE',
    path,
    summary: 'Forget a change set; what it has changed stays',
    tags,
    params,
    status: 200,
    response: Ref(ChangeSetDeleted),
  },
} as const satisfies Record<string, Route>;
