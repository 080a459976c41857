import { ControlPlane } from '../resources/control-plane.ts';
import { ListQuery, Page, type Route } from './route.ts';

export const controlPlaneRoutes = {
  listControlPlanes: {
    method: 'GET',
    path: '/v1/control-planes',
    summary: 'List control planes, and the certificates that nodes know them by',
    description:
      'Those that share the state, in order of their addresses. Nodes that have joined are told of each change, and keep ' +
      'the list for the day on which another one leads.',
    tags: ['nodes'],
    query: ListQuery({}),
    status: 200,
    response: Page(ControlPlane),
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
