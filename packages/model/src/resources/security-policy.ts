import { idPattern } from '../id-kinds.ts';
import { Id } from '../identifiers.ts';
import { SECURITY_POLICY } from '../limits.ts';
import { TLS_VERSIONS } from '../plan/tls.ts';
import { Input, Nullable, Output, optional, Patch, Ref, Timestamp, Words } from '../schema.ts';
import { BUILT_IN_POLICIES, TLS_CIPHERS } from '../tls-ciphers.ts';
import { type Static, Type } from '../type.ts';
import { Description, Generation, Name, Tags, Written } from './attributes.ts';
import { ResourceRef } from './operation.ts';

const settings = { description: Description, tags: Tags };

const protocol = {
  versions: Type.Array(Words(TLS_VERSIONS, 'A version of TLS.'), {
    minItems: 1,
    maxItems: TLS_VERSIONS.length,
    uniqueItems: true,
    description: 'Versions of TLS that are spoken. Each needs at least one of the ciphers.',
  }),
  ciphers: Type.Array(
    Words(
      TLS_CIPHERS.map(({ name }) => name),
      'A cipher, by its OpenSSL name.',
    ),
    {
      minItems: 1,
      maxItems: SECURITY_POLICY.ciphers,
      uniqueItems: true,
      description:
        'Ciphers in order of preference, by their OpenSSL names; `GET /v1/ciphers` lists them. Each needs its version ' +
        'among the versions.',
    },
  ),
};

/** A custom policy by its identifier, or a built-in one by its name. */
export const SecurityPolicyId = (description: string) =>
  Type.String({ pattern: `^(${idPattern('securityPolicy').slice(1, -1)}|${builtIn()})$`, description });

function builtIn(): string {
  return BUILT_IN_POLICIES.map(({ id }) => id).join('|');
}

const properties = {
  id: SecurityPolicyId('Identifier of the security policy; of a built-in one, its name.'),
  name: Name,
  tenantId: Nullable(
    Id('tenant', 'The tenant that it belongs to; null for a built-in policy, which all tenants have.'),
  ),
  builtIn: Type.Boolean({ description: 'Whether it comes with the product, and cannot be changed.' }),
  ...protocol,
  ...settings,
  usedBy: Type.Array(Ref(ResourceRef), { description: 'The listeners that use it.' }),
  generation: Generation,
  createdAt: Nullable(Timestamp('Creation; null for a built-in policy')),
  updatedAt: Nullable(Timestamp('Last change; null for a built-in policy')),
};

export const SecurityPolicy = Output(
  'SecurityPolicy',
  properties,
  'Which versions of TLS and which ciphers a listener speaks.',
);
export type SecurityPolicy = Static<typeof SecurityPolicy>;

export const SecurityPolicyCreate = Input('SecurityPolicyCreate', { name: Name, ...protocol, ...optional(settings) });
export type SecurityPolicyCreate = Static<typeof SecurityPolicyCreate>;

/** A custom policy in a configuration document. */
export const SecurityPolicyDocument = Input('SecurityPolicyDocument', SecurityPolicyCreate.properties);
export type SecurityPolicyDocument = Static<typeof SecurityPolicyDocument>;

export const SecurityPolicyPatch = Patch('SecurityPolicyPatch', { name: Name, ...protocol, ...settings });
export type SecurityPolicyPatch = Static<typeof SecurityPolicyPatch>;

export const SecurityPolicyWritten = Written('SecurityPolicyWritten', properties);

export const Cipher = Output('Cipher', {
  name: Type.String({ description: 'Its OpenSSL name.' }),
  version: Words(TLS_VERSIONS, 'The version of TLS that it belongs to.'),
  keyTypes: Type.Array(Words(['rsa', 'ecdsa'], 'Type of key.'), {
    description: 'What the key of the certificate may be.',
  }),
  forwardSecrecy: Type.Boolean({
    description: "Whether recorded traffic stays secret when the certificate's key gets known.",
  }),
});
export type Cipher = Static<typeof Cipher>;
