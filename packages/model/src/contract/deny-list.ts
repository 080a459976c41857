import {
  DeniedAddress,
  DenyEntry,
  DenyList,
  DenyListChanged,
  DenySources,
  RemoveFromDenyList,
} from '../resources/deny-list.ts';
import { Address, Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['deny list'] as const;

export const denyListRoutes = {
  getDenyList: {
    method: 'GET',
    path: '/v1/deny-list',
    summary: 'Show how long the deny list of the installation is',
    tags,
    reach: 'all',
    status: 200,
    response: Ref(DenyList),
  },
  listDenyEntries: {
    method: 'GET',
    path: '/v1/deny-list/entries',
    summary: 'List the deny list of the installation',
    description:
      'Those that deny first, else in no order; what is put in or taken out meanwhile may be missing, or be there twice.',
    tags,
    reach: 'all',
    query: ListQuery({}),
    status: 200,
    response: Page(DenyEntry),
  },
  denySources: {
    method: 'POST',
    path: '/v1/deny-list/entries',
    summary: 'Deny sources all listeners of all tenants, or always allow them',
    description:
      'On every node, within a second or so. Who is allowed here may connect though he is denied here; block lists, ' +
      'security groups and allowed sources are asked all the same.',
    tags,
    reach: 'all',
    body: Ref(DenySources),
    status: 200,
    response: Ref(DenyListChanged),
  },
  removeFromDenyList: {
    method: 'POST',
    path: '/v1/deny-list/remove',
    summary: 'Take sources out of the deny list of the installation',
    description: 'Those that are not in it are passed over.',
    tags,
    reach: 'all',
    body: Ref(RemoveFromDenyList),
    status: 200,
    response: Ref(DenyListChanged),
  },
  clearDenyList: {
    method: 'DELETE',
    path: '/v1/deny-list',
    summary: 'Take everything out of the deny list of the installation',
    tags,
    reach: 'all',
    status: 200,
    response: Ref(DenyListChanged),
  },
  lookUpDeniedAddress: {
    method: 'GET',
    path: '/v1/deny-list/lookup',
    summary: 'Tell whether the installation denies an address, and which entry decides',
    description: 'The longest block that allows it, or else the longest that denies it.',
    tags,
    reach: 'all',
    query: Type.Object({ address: Address('The address.') }, { additionalProperties: false }),
    status: 200,
    response: Ref(DeniedAddress),
  },
} as const satisfies Record<string, Route>;
