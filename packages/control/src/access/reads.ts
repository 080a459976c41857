import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { paginate } from '../api/paging.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { notFound } from '../resources/rules.ts';
import type { Store } from '../store/store.ts';
import { listQuotas } from './quota-usage.ts';
import { quotasOf } from './quotas.ts';
import { tenantsFor } from './tenants.ts';
import { getToken, tokensFor } from './tokens.ts';
import { showIdentity, showTenant, showToken, showUser } from './views.ts';

export type AccessReadName =
  | 'getIdentity'
  | 'listTenants'
  | 'getTenant'
  | 'listQuotas'
  | 'listUsers'
  | 'getUser'
  | 'listTokens'
  | 'getToken';

export type AccessReads = { readonly [K in AccessReadName]: (call: Call<K>) => ResponseOf<K> };

const byId = ({ id }: { readonly id: string }) => id;

export interface AccessSources {
  readonly store: Store;
  readonly nodes: NodeRegistry;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The calls that show tenants, users and tokens. */
export function createAccessReads({ now, store, nodes }: AccessSources): AccessReads {
  return {
    getIdentity: ({ caller, state }) => showIdentity(caller, state),
    listTenants({ caller, state, query }) {
      const wanted = tenantsFor(caller, state.tenants).filter(({ name }) => (query.name ?? name) === name);
      return paginate(wanted, query, byId, showTenant);
    },
    getTenant({ caller, state, params: { tenantId: id } }) {
      return showTenant(tenantsFor(caller, state.tenants).find((tenant) => tenant.id === id) ?? notFound('tenant', id));
    },
    listQuotas({ caller, state, query }) {
      const quotas = quotasOf(store.quotas, state, caller.actingIn);
      const sources = { state, quotas, installation: store.quotas, nodes: nodes.size };
      return { items: listQuotas(sources, { ...query, everywhere: caller.reach === 'all' }) };
    },
    listUsers({ state, query }) {
      const wanted = [...state.users.values()].filter(({ name }) => (query.name ?? name) === name);
      return paginate(wanted, query, byId, showUser);
    },
    getUser: ({ state, params: { userId: id } }) => showUser(state.users.get(id) ?? notFound('user', id)),
    listTokens({ caller, state, query }) {
      const wanted = [...tokensFor(caller, state)].filter(({ name, userId }) => {
        return (query.name ?? name) === name && (query.userId ?? userId) === userId;
      });
      return paginate(wanted, query, byId, (token) => showToken(token, now()));
    },
    getToken: ({ caller, state, params: { tokenId } }) => showToken(getToken(caller, state, tokenId), now()),
  };
}
