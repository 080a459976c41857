import { Deleted } from '../resources/operation.ts';
import {
  Specification,
  SpecificationCreate,
  SpecificationName,
  SpecificationPatch,
  SpecificationWritten,
} from '../resources/specification.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['specifications'] as const;
const params = Type.Object({ specification: SpecificationName('Name of the specification.') });
const path = '/v1/specifications/{specification}';

export const specificationRoutes = {
  listSpecifications: {
    method: 'GET',
    path: '/v1/specifications',
    summary: 'List the specifications that load balancers may have',
    description: 'Those that come with the product first, from the smallest. All tenants have the same.',
    tags,
    query: ListQuery({}),
    status: 200,
    response: Page(Specification),
  },
  createSpecification: {
    method: 'POST',
    path: '/v1/specifications',
    summary: 'Create a specification',
    tags,
    body: Ref(SpecificationCreate),
    status: 201,
    response: Ref(SpecificationWritten),
    idempotent: true,
    role: 'admin',
    reach: 'all',
  },
  updateSpecification: {
    method: 'PATCH',
    path,
    summary: 'Change a specification',
    description: 'For all load balancers that have it, without an end to any connection.',
    tags,
    params,
    body: Ref(SpecificationPatch),
    status: 200,
    response: Ref(SpecificationWritten),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
  deleteSpecification: {
    method: 'DELETE',
    path,
    summary: 'Delete a specification',
    description: 'Refused while a load balancer of any tenant has it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
