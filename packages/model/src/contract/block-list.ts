import {
  BlockedAddress,
  BlockedSource,
  BlockList,
  BlockListChanged,
  BlockSources,
  UnblockSources,
} from '../resources/block-list.ts';
import { Address, Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['block list'] as const;

export const blockListRoutes = {
  getBlockList: {
    method: 'GET',
    path: '/v1/block-list',
    summary: 'Show how long the block list is',
    tags,
    status: 200,
    response: Ref(BlockList),
  },
  listBlockedSources: {
    method: 'GET',
    path: '/v1/block-list/entries',
    summary: 'List the block list',
    description: 'In no order; what is put in or taken out meanwhile may be missing, or be there twice.',
    tags,
    query: ListQuery({}),
    status: 200,
    response: Page(BlockedSource),
  },
  blockSources: {
    method: 'POST',
    path: '/v1/block-list/entries',
    summary: 'Block sources',
    description: 'For all load balancers of the tenant, and every connection that begins from then on.',
    tags,
    body: Ref(BlockSources),
    status: 200,
    response: Ref(BlockListChanged),
  },
  unblockSources: {
    method: 'POST',
    path: '/v1/block-list/unblock',
    summary: 'Take sources out of the block list',
    description: 'Those that are not in it are passed over.',
    tags,
    body: Ref(UnblockSources),
    status: 200,
    response: Ref(BlockListChanged),
  },
  clearBlockList: {
    method: 'DELETE',
    path: '/v1/block-list',
    summary: 'Take everything out of the block list',
    tags,
    status: 200,
    response: Ref(BlockListChanged),
  },
  lookUpBlockedSource: {
    method: 'GET',
    path: '/v1/block-list/lookup',
    summary: 'Tell whether an address is blocked, and by which entry',
    description: 'The longest block that it is in.',
    tags,
    query: Type.Object({ address: Address('The address.') }, { additionalProperties: false }),
    status: 200,
    response: Ref(BlockedAddress),
  },
} as const satisfies Record<string, Route>;
