import type { Identity as ShownIdentity } from '@evenkeel/model/resources/identity.ts';
import type { Tenant } from '@evenkeel/model/resources/tenant.ts';
import type { Token } from '@evenkeel/model/resources/token.ts';
import type { User } from '@evenkeel/model/resources/user.ts';
import { timestamp, withTimes } from '../api/views.ts';
import type { TenantRecord, TokenRecord, UserRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Caller } from './identity.ts';

/** How tenants, users and tokens show in the API. */

export function showTenant(record: TenantRecord): Tenant {
  return withTimes(record);
}

export function showUser(record: UserRecord): User {
  return withTimes(record);
}

/** `now` in Unix milliseconds. */
export function showToken({ hash: _, ...record }: TokenRecord, now: number): Token {
  const { expiresAt } = record;
  return {
    ...withTimes(record),
    expiresAt: expiresAt === null ? null : timestamp(expiresAt),
    status: expiresAt !== null && expiresAt <= now ? 'expired' : 'active',
  };
}

export function showIdentity(caller: Caller, { tenants }: State): ShownIdentity {
  const { id, name, role, reach, actingIn, credential, expiresAt } = caller;
  return {
    id,
    name,
    role,
    reach,
    tenantId: actingIn,
    tenant: tenants.get(actingIn)!.name,
    tokenId: credential.kind === 'token' ? credential.id : null,
    expiresAt: expiresAt === null ? null : timestamp(expiresAt),
  };
}
