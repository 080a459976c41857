import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { paginate } from '../api/paging.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { RecentDeletions } from '../resources/recent-deletions.ts';
import { notFound } from '../resources/rules.ts';
import { usageOf } from '../resources/usage.ts';
import type { Store } from '../store/store.ts';
import { accessKeysFor, getAccessKey } from './access-keys.ts';
import { wouldBeAllowed } from './dry-run.ts';
import { listQuotas } from './quota-usage.ts';
import { quotasOf } from './quotas.ts';
import { tenantsFor } from './tenants.ts';
import { getToken, tokensFor } from './tokens.ts';
import { showAccessKey, showIdentity, showPolicy, showTenant, showToken, showUser } from './views.ts';

export type AccessReadName =
  | 'getIdentity'
  | 'listTenants'
  | 'getTenant'
  | 'listQuotas'
  | 'listUsers'
  | 'getUser'
  | 'listTokens'
  | 'getToken'
  | 'listAccessKeys'
  | 'getAccessKey'
  | 'listAccessPolicies'
  | 'getAccessPolicy'
  | 'checkAccess';

export type AccessReads = { readonly [K in AccessReadName]: (call: Call<K>) => ResponseOf<K> };

const byId = ({ id }: { readonly id: string }) => id;

export interface AccessSources {
  readonly store: Store;
  readonly nodes: NodeRegistry;
  readonly blockLists: Pick<BlockLists, 'size'>;
  readonly traffic: { readonly recent: Pick<RecentDeletions, 'countsOf'> };
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The calls that show tenants, users and tokens. */
export function createAccessReads({ now, store, nodes, blockLists, traffic }: AccessSources): AccessReads {
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
      const blocked = blockLists.size(caller.actingIn).entries;
      const sources = {
        ...{ state, quotas, installation: store.quotas, nodes: nodes.size, blocked },
        deletions: traffic.recent.countsOf(state, caller.actingIn, now()),
      };
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
    listAccessKeys({ caller, state, query }) {
      const wanted = [...accessKeysFor(caller, state)].filter(({ name, userId }) => {
        return (query.name ?? name) === name && (query.userId ?? userId) === userId;
      });
      return paginate(wanted, query, byId, (key) => showAccessKey(key, now()));
    },
    getAccessKey: ({ caller, state, params: { accessKeyId } }) =>
      showAccessKey(getAccessKey(caller, state, accessKeyId), now()),
    listAccessPolicies({ state, query }) {
      const usage = usageOf(state);
      const wanted = [...state.accessPolicies.values()].filter(({ name }) => (query.name ?? name) === name);
      return paginate(wanted, query, byId, (policy) => showPolicy(policy, usage));
    },
    getAccessPolicy: ({ state, params: { accessPolicyId: id } }) =>
      showPolicy(state.accessPolicies.get(id) ?? notFound('access policy', id), usageOf(state)),
    checkAccess: ({ caller, state, query }) => wouldBeAllowed(caller, state, store.state, query),
    getToken: ({ caller, state, params: { tokenId } }) => showToken(getToken(caller, state, tokenId), now()),
  };
}
