import { Id } from '../identifiers.ts';
import { Written } from '../resources/attributes.ts';
import {
  BackendService,
  BackendServiceCreate,
  BackendServicePatch,
  BackendServiceWritten,
} from '../resources/backend-service.ts';
import { Created } from '../resources/document.ts';
import { Deleted } from '../resources/operation.ts';
import { ServiceHealth } from '../resources/target-health.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['backend services'] as const;
const params = Type.Object({ backendServiceId: Id('backendService', 'Identifier of the backend service.') });
const path = '/v1/backend-services/{backendServiceId}';

export const BackendServiceCreated = Written('BackendServiceCreated', {
  ...BackendService.properties,
  created: Created,
});

export const backendServiceRoutes = {
  listBackendServices: {
    method: 'GET',
    path: '/v1/backend-services',
    summary: 'List backend services',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only those of this load balancer.')),
      targetGroupId: Type.Optional(Id('targetGroup', 'Only those that use this target group.')),
    }),
    status: 200,
    response: Page(BackendService),
  },
  createBackendService: {
    method: 'POST',
    path: '/v1/backend-services',
    summary: 'Create a backend service',
    description:
      'It names its target group with `targetGroupId`, or carries `targets`, for which a target group with the name of ' +
      'the service is created with it.',
    tags,
    body: Ref(BackendServiceCreate),
    status: 201,
    response: Ref(BackendServiceCreated),
    idempotent: true,
  },
  getBackendService: {
    method: 'GET',
    path,
    summary: 'Show a backend service',
    tags,
    params,
    status: 200,
    response: Ref(BackendService),
  },
  updateBackendService: {
    method: 'PATCH',
    path,
    summary: 'Change a backend service',
    description: 'Fields of `healthCheck` that are left out stay as they are.',
    tags,
    params,
    body: Ref(BackendServicePatch),
    status: 200,
    response: Ref(BackendServiceWritten),
    ifMatch: true,
  },
  deleteBackendService: {
    method: 'DELETE',
    path,
    summary: 'Delete a backend service',
    description: 'Refused while a listener or a rule uses it. Its target group is kept.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
  rotateStickinessKey: {
    method: 'POST',
    path: `${path}/rotate-stickiness-key`,
    summary: 'Give the cookies of a backend service a new key',
    description:
      'Cookies of the key before are still taken, and replaced as clients come; those of older ones are not, so doing it ' +
      'twice makes every cookie that is out worthless. A service that never had one stays as it is.',
    tags,
    params,
    status: 200,
    response: Ref(BackendServiceWritten),
    ifMatch: true,
    idempotent: true,
  },
  getBackendServiceHealth: {
    method: 'GET',
    path: `${path}/health`,
    summary: 'Show the health of the targets of a backend service',
    tags,
    params,
    status: 200,
    response: Ref(ServiceHealth),
  },
} as const satisfies Record<string, Route>;
