import { Id } from '../identifiers.ts';
import { AUTHORITY } from '../limits.ts';
import { Input, Output, Patch, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';
import { CERTIFICATE_STATUS, CertificateLink, DaysLeft } from './certificate.ts';
import { ResourceRef } from './operation.ts';

const settings = { description: Description, tags: Tags };

export const RevocationList = Output('RevocationList', {
  issuer: Type.String({ description: 'The authority that signed it.' }),
  thisUpdate: Timestamp('When it was made'),
  nextUpdate: Timestamp('When the next one is due: from then on, every certificate of this issuer is refused'),
  revoked: Type.Integer({ description: 'How many certificates it revokes.' }),
});
export type RevocationList = Static<typeof RevocationList>;

const properties = resource(Id('authority', 'Identifier of the authority.'), {
  tenantId: TenantId,
  certificates: Type.Array(Ref(CertificateLink), { description: 'What clients or targets are judged by.' }),
  revocationLists: Type.Array(Ref(RevocationList), { description: 'Empty: revocation is not checked.' }),
  notAfter: Timestamp('When the first of its certificates and lists runs out'),
  daysLeft: DaysLeft,
  status: Words(CERTIFICATE_STATUS, 'As that of a certificate, by `notAfter`.'),
  ...settings,
  usedBy: Type.Array(Ref(ResourceRef), { description: 'The listeners and backend services that use it.' }),
});

export const Authority = Output(
  'Authority',
  properties,
  'Certificates that the certificates of clients or of targets are judged by, with what was revoked.',
);
export type Authority = Static<typeof Authority>;

export const AuthorityWritten = Written('AuthorityWritten', properties);

const certificates = Type.String({
  minLength: 1,
  maxLength: AUTHORITY.certificatesLength,
  description: 'PEM: one certificate or several; each an authority, or self-signed.',
});
const revocationLists = Type.String({
  maxLength: AUTHORITY.revocationListsLength,
  default: '',
  description: 'PEM: certificate revocation lists, each signed by one of the certificates; empty: none.',
});

export const AuthorityCreate = Input('AuthorityCreate', {
  name: Type.Optional(Type.String({ ...Name, description: 'Default: the identifier.' })),
  certificates,
  revocationLists: Type.Optional(revocationLists),
  description: Type.Optional(settings.description),
  tags: Type.Optional(settings.tags),
});
export type AuthorityCreate = Static<typeof AuthorityCreate>;

/** An authority in a configuration document. */
export const AuthorityDocument = Input('AuthorityDocument', { ...AuthorityCreate.properties, name: Name });
export type AuthorityDocument = Static<typeof AuthorityDocument>;

export const AuthorityPatch = Patch('AuthorityPatch', { name: Name, certificates, revocationLists, ...settings });
export type AuthorityPatch = Static<typeof AuthorityPatch>;
