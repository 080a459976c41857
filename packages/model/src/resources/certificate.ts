import { Id } from '../identifiers.ts';
import { CERTIFICATE } from '../limits.ts';
import { Input, Nullable, Output, Patch, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';
import { ResourceRef } from './operation.ts';

const settings = { description: Description, tags: Tags };

/** One X.509 certificate, as it shows. */
export const CertificateLink = Output('CertificateLink', {
  subject: Type.String({ description: 'Whom it is for, as a distinguished name.' }),
  issuer: Type.String({ description: 'Who signed it.' }),
  serialNumber: Type.String({ description: 'Hexadecimal.' }),
  fingerprint: Type.String({ description: 'SHA-256 of the certificate, hexadecimal.' }),
  notBefore: Timestamp('Begin of its validity'),
  notAfter: Timestamp('End of its validity'),
});
export type CertificateLink = Static<typeof CertificateLink>;

export const CERTIFICATE_STATUS = ['valid', 'expiring', 'expired', 'not-yet-valid'] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUS)[number];

export const DaysLeft = Type.Integer({
  description: 'Whole days until the first certificate of it expires; negative when that is past.',
});

const properties = resource(Id('certificate', 'Identifier of the certificate.'), {
  tenantId: TenantId,
  names: Type.Array(Type.String(), {
    description: 'The host names that it is for, in lower case: exact, or with `*` as the first label.',
  }),
  keyType: Words(['rsa', 'ecdsa'], 'Type of its key.'),
  keySize: Type.Integer({ description: 'Bits of the key: 2048 or more for rsa; 256 or 384 for ecdsa.' }),
  chain: Type.Array(Ref(CertificateLink), { description: "The server's own certificate first, then its issuers." }),
  notAfter: Timestamp('When the first certificate of the chain expires'),
  daysLeft: DaysLeft,
  status: Words(
    CERTIFICATE_STATUS,
    `\`expiring\`: within ${CERTIFICATE.expiringDays} days; \`not-yet-valid\`: its time has not come.`,
  ),
  stapled: Type.Boolean({ description: 'Whether an OCSP response is sent along with it: one that has not run out.' }),
  stapledUntil: Nullable(Timestamp('When that response runs out, if it does; put a newer one in its place before')),
  ...settings,
  usedBy: Type.Array(Ref(ResourceRef), { description: 'The listeners that show it.' }),
});

export const Certificate = Output(
  'Certificate',
  properties,
  'A certificate chain with its private key. The key goes in and never comes out.',
);
export type Certificate = Static<typeof Certificate>;

export const CertificateWritten = Written('CertificateWritten', properties);

const chain = Type.String({
  minLength: 1,
  maxLength: CERTIFICATE.chainLength,
  description: "PEM: the server's own certificate first, each followed by its issuer; the root may be left out.",
});
const privateKey = Type.String({
  minLength: 1,
  maxLength: CERTIFICATE.keyLength,
  description: 'PEM, unencrypted: RSA of at least 2048 bits, or ECDSA on P-256 or P-384.',
});
const ocspResponse = Nullable(
  Type.String({
    maxLength: CERTIFICATE.ocspLength,
    pattern: '^[A-Za-z0-9+/]*={0,2}$',
    description: 'An OCSP response for the first certificate (RFC 6960), DER in base64, to be stapled; null: none.',
  }),
);

export const CertificateCreate = Input('CertificateCreate', {
  name: Type.Optional(Type.String({ ...Name, description: 'Default: the identifier.' })),
  chain,
  privateKey,
  ocspResponse: Type.Optional(ocspResponse),
  description: Type.Optional(settings.description),
  tags: Type.Optional(settings.tags),
});
export type CertificateCreate = Static<typeof CertificateCreate>;

/** The public part of a certificate in a configuration document; private keys are in its `sealed`, if anywhere. */
export const CertificateDocument = Input('CertificateDocument', {
  name: Name,
  chain,
  description: Type.Optional(settings.description),
  tags: Type.Optional(settings.tags),
});
export type CertificateDocument = Static<typeof CertificateDocument>;

export const CertificatePatch = Patch('CertificatePatch', { name: Name, chain, privateKey, ocspResponse, ...settings });
export type CertificatePatch = Static<typeof CertificatePatch>;
