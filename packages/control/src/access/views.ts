import type { AccessKey } from '@evenkeel/model/resources/access-key.ts';
import type { AccessPolicy } from '@evenkeel/model/resources/access-policy.ts';
import type { Identity as ShownIdentity } from '@evenkeel/model/resources/identity.ts';
import type { Tenant } from '@evenkeel/model/resources/tenant.ts';
import type { Token } from '@evenkeel/model/resources/token.ts';
import type { User } from '@evenkeel/model/resources/user.ts';
import { timestamp, withTimes } from '../api/views.ts';
import type { Usage } from '../resources/usage.ts';
import type { AccessKeyRecord, AccessPolicyRecord, TenantRecord, TokenRecord, UserRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Caller } from './identity.ts';

/** How tenants, users and tokens show in the API. */

export function showTenant(record: TenantRecord): Tenant {
  return withTimes(record);
}

export function showUser({ password, passwordChangedAt, ...record }: UserRecord): User {
  const changed = password === null ? null : passwordChangedAt;
  return { ...withTimes(record), passwordChangedAt: changed === null ? null : timestamp(changed) };
}

export function showPolicy(record: AccessPolicyRecord, usage: Usage): AccessPolicy {
  return { ...withTimes(record), usedBy: [...(usage.get(record.id) ?? [])] };
}

/** `now` in Unix milliseconds. */
export function showAccessKey({ secret: _, ...record }: AccessKeyRecord, now: number): AccessKey {
  const { expiresAt, enabled } = record;
  const ended = expiresAt !== null && expiresAt <= now;
  return {
    ...withTimes(record),
    expiresAt: expiresAt === null ? null : timestamp(expiresAt),
    status: ended ? 'expired' : enabled ? 'active' : 'disabled',
  };
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
    accessKeyId: credential.kind === 'accessKey' ? credential.id : null,
    sessionId: credential.kind === 'session' ? credential.id : null,
    expiresAt: expiresAt === null ? null : timestamp(expiresAt),
  };
}
