import { Id } from '../identifiers.ts';
import { Written } from '../resources/attributes.ts';
import { Created } from '../resources/document.ts';
import { Listener, ListenerCreate, ListenerPatch, ListenerWritten } from '../resources/listener.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['listeners'] as const;
const params = Type.Object({ listenerId: Id('listener', 'Identifier of the listener.') });
const path = '/v1/listeners/{listenerId}';

export const ListenerCreated = Written('ListenerCreated', { ...Listener.properties, created: Created });

export const listenerRoutes = {
  listListeners: {
    method: 'GET',
    path: '/v1/listeners',
    summary: 'List listeners',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only those of this load balancer.')),
      backendServiceId: Type.Optional(Id('backendService', 'Only those that use this backend service.')),
      ruleGroupId: Type.Optional(Id('ruleGroup', 'Only those that use this rule group.')),
    }),
    status: 200,
    response: Page(Listener),
  },
  createListener: {
    method: 'POST',
    path: '/v1/listeners',
    summary: 'Create a listener',
    description:
      'It names its backend service with `backendServiceId`, or carries one in `service`, which is created with it.',
    tags,
    body: Ref(ListenerCreate),
    status: 201,
    response: Ref(ListenerCreated),
    idempotent: true,
  },
  getListener: {
    method: 'GET',
    path,
    summary: 'Show a listener',
    tags,
    params,
    status: 200,
    response: Ref(Listener),
  },
  updateListener: {
    method: 'PATCH',
    path,
    summary: 'Change a listener',
    tags,
    params,
    body: Ref(ListenerPatch),
    status: 200,
    response: Ref(ListenerWritten),
    ifMatch: true,
  },
  deleteListener: {
    method: 'DELETE',
    path,
    summary: 'Delete a listener',
    description: 'Its backend service is kept.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
