import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { deleted, matching, type Unstored } from '../api/written.ts';
import { usageOf } from '../resources/usage.ts';
import type { Draft } from '../state/draft.ts';
import * as accessKeys from './access-keys.ts';
import * as policies from './policies.ts';
import { listQuotas } from './quota-usage.ts';
import { quotasOf } from './quotas.ts';
import type { AccessSources } from './reads.ts';
import * as tenants from './tenants.ts';
import * as tokens from './tokens.ts';
import * as users from './users.ts';
import { showAccessKey, showPolicy, showTenant, showToken, showUser } from './views.ts';

export type AccessWriteName =
  | 'createTenant'
  | 'updateTenant'
  | 'deleteTenant'
  | 'updateQuotas'
  | 'createUser'
  | 'updateUser'
  | 'deleteUser'
  | 'createToken'
  | 'deleteToken'
  | 'createAccessKey'
  | 'updateAccessKey'
  | 'deleteAccessKey'
  | 'createAccessPolicy'
  | 'updateAccessPolicy'
  | 'deleteAccessPolicy';

export type AccessWrites = {
  readonly [K in AccessWriteName]: (draft: Draft, call: Call<K>) => Unstored<ResponseOf<K>>;
};

/** The calls that change tenants, users and tokens. */
export function createAccessWrites({ store, nodes, blockLists, traffic }: AccessSources): AccessWrites {
  return {
    createTenant: (draft, { body }) => showTenant(tenants.createTenant(draft, body)),
    updateTenant(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, tenants.getTenant(draft, params.tenantId));
      return showTenant(tenants.updateTenant(draft, record, body));
    },
    deleteTenant(draft, { params, ifMatch }) {
      const record = matching(ifMatch, tenants.getTenant(draft, params.tenantId));
      tenants.deleteTenant(draft, record);
      return deleted(draft, record);
    },
    updateQuotas(draft, { caller, body }) {
      tenants.updateQuotas(draft, body.quotas);
      const installation = store.quotas;
      const quotas = quotasOf(installation, draft, draft.tenantId);
      const sources = {
        state: draft,
        quotas,
        installation,
        nodes: nodes.size,
        blocked: blockLists.size(draft.tenantId).entries,
        deletions: traffic.recent.countsOf(draft, draft.tenantId, draft.context.now),
      };
      const items = listQuotas(sources, { everywhere: caller.reach === 'all' });
      return { items, generation: draft.resultingGeneration };
    },
    createUser: (draft, { caller, body }) => showUser(users.createUser(draft, caller, body)),
    updateUser(draft, { caller, params, body, ifMatch }) {
      const record = matching(ifMatch, users.getUser(draft, params.userId));
      return showUser(users.updateUser(draft, caller, record, body));
    },
    deleteUser(draft, { caller, params, ifMatch }) {
      const record = matching(ifMatch, users.getUser(draft, params.userId));
      users.deleteUser(draft, caller, record);
      return deleted(draft, record);
    },
    createToken(draft, { caller, body }) {
      const { record, token } = tokens.createToken(draft, caller, body);
      return { ...showToken(record, draft.context.now), token };
    },
    createAccessKey(draft, { caller, body }) {
      const { record, secret } = accessKeys.createAccessKey(draft, caller, body);
      return { ...showAccessKey(record, draft.context.now), secret };
    },
    updateAccessKey(draft, { caller, params, body, ifMatch }) {
      const record = matching(ifMatch, accessKeys.getAccessKey(caller, draft, params.accessKeyId));
      return showAccessKey(accessKeys.updateAccessKey(draft, caller, record, body), draft.context.now);
    },
    deleteAccessKey(draft, { caller, params, ifMatch }) {
      const record = matching(ifMatch, accessKeys.getAccessKey(caller, draft, params.accessKeyId));
      accessKeys.deleteAccessKey(draft, caller, record);
      return deleted(draft, record);
    },
    createAccessPolicy: (draft, { body }) => showPolicy(policies.createPolicy(draft, body), usageOf(draft)),
    updateAccessPolicy(draft, { caller, params, body, ifMatch }) {
      const record = matching(ifMatch, policies.getPolicy(draft, params.accessPolicyId));
      return showPolicy(policies.updatePolicy(draft, caller, record, body), usageOf(draft));
    },
    deleteAccessPolicy(draft, { params, ifMatch }) {
      const record = matching(ifMatch, policies.getPolicy(draft, params.accessPolicyId));
      policies.deletePolicy(draft, record);
      return deleted(draft, record);
    },
    deleteToken(draft, { caller, params, ifMatch }) {
      const record = matching(ifMatch, tokens.getToken(caller, draft, params.tokenId));
      tokens.deleteToken(draft, caller, record);
      return deleted(draft, record);
    },
  };
}
