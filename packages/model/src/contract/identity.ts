import { Identity } from '../resources/identity.ts';
import { Ref } from '../schema.ts';
import type { Route } from './route.ts';

export const identityRoutes = {
  getIdentity: {
    method: 'GET',
    path: '/v1/identity',
    summary: 'Show who you are, and what you may do',
    tags: ['access'],
    status: 200,
    response: Ref(Identity),
  },
} as const satisfies Record<string, Route>;
