import type { TlsVersion } from '@evenkeel/model/plan/tls.ts';
import type { SecurityPolicyCreate, SecurityPolicyPatch } from '@evenkeel/model/resources/security-policy.ts';
import { BUILT_IN_POLICIES, type BuiltInPolicy, TLS_CIPHERS, type TlsSettings } from '@evenkeel/model/tls-ciphers.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { SecurityPolicyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { checkPolicyOfListeners } from './listener-certificates.ts';
import { checkName, checkQuota, checkUnused, notFound } from './rules.ts';
import { usersOf } from './usage.ts';

const VERSION_OF: ReadonlyMap<string, TlsVersion> = new Map(TLS_CIPHERS.map(({ name, version }) => [name, version]));

export function builtInPolicy(id: string): BuiltInPolicy | null {
  return BUILT_IN_POLICIES.find((policy) => policy.id === id) ?? null;
}

/** Versions and ciphers of a policy, custom or built-in; null when there is none. */
export function findSecurityPolicy(state: State, id: string): TlsSettings | null {
  return builtInPolicy(id) ?? state.securityPolicies.get(id) ?? null;
}

/** The policy, for a change; refuses a built-in one. */
export function getSecurityPolicy(draft: Draft, id: string): SecurityPolicyRecord {
  if (builtInPolicy(id) !== null) {
    throw new ProblemError('built-in', `security policy ${id} is built in; create one of your own instead`);
  }
  return draft.securityPolicies.get(id) ?? notFound('security policy', id);
}

export function createSecurityPolicy(draft: Draft, input: SecurityPolicyCreate): SecurityPolicyRecord {
  checkQuota(draft, 'securityPolicies', draft.securityPolicies.size + 1);
  checkPolicyName(draft, input.name);
  checkSettings(input);
  const { name, versions, ciphers } = input;
  return draft.create('securityPolicy', {
    tenantId: draft.tenantId,
    id: draft.newId('securityPolicy'),
    name,
    versions,
    ciphers,
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

export function updateSecurityPolicy(
  draft: Draft,
  policy: SecurityPolicyRecord,
  patch: SecurityPolicyPatch,
): SecurityPolicyRecord {
  if (patch.name !== undefined) checkPolicyName(draft, patch.name, policy.id);
  checkSettings({ ...policy, ...patch });
  const updated = draft.update('securityPolicy', policy, patch);
  checkPolicyOfListeners(draft, updated);
  return updated;
}

/** Refused while a listener uses it. */
export function deleteSecurityPolicy(draft: Draft, policy: SecurityPolicyRecord): void {
  checkUnused(`security policy ${policy.name}`, usersOf(draft, policy.id));
  draft.remove('securityPolicy', policy);
}

function checkPolicyName(draft: Draft, name: string, self?: string): void {
  checkName(draft.securityPolicies.values(), name, '', self);
  if (builtInPolicy(name) !== null) refuseField('name-taken', '/name', `${name} is the name of a built-in policy`);
}

/** Every version needs a cipher, and every cipher its version. */
function checkSettings({ versions, ciphers }: TlsSettings): void {
  for (const [i, version] of versions.entries()) {
    if (ciphers.some((cipher) => VERSION_OF.get(cipher) === version)) continue;
    const allowed = TLS_CIPHERS.filter((cipher) => cipher.version === version).map(({ name }) => name);
    refuseField('validation-failed', `/versions/${i}`, `TLS ${version} has none of its ciphers in the list`, allowed);
  }
  for (const [i, cipher] of ciphers.entries()) {
    const version = VERSION_OF.get(cipher)!;
    if (versions.includes(version)) continue;
    refuseField(
      'validation-failed',
      `/ciphers/${i}`,
      `${cipher} is of TLS ${version}, which is not among the versions`,
    );
  }
}
