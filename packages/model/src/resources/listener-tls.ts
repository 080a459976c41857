import { Id } from '../identifiers.ts';
import { HSTS_MAX_AGE, LISTENER_CERTIFICATES, SERVER_NAMES, VERIFY_DEPTH } from '../limits.ts';
import { Input, Nullable, Output, Patch, Ref, Seconds, Words } from '../schema.ts';
import { CLIENT_CERTIFICATE_MODES } from '../settings.ts';
import { DEFAULT_SECURITY_POLICY } from '../tls-ciphers.ts';
import { type Static, Type } from '../type.ts';
import { SecurityPolicyId } from './security-policy.ts';

/** What listeners of protocol https and tls have beyond others, and what those of tcp do with TLS that passes. */

const HostName = (description: string) =>
  Type.String({ minLength: 1, maxLength: LISTENER_CERTIFICATES.nameLength, description });
const reference = (what: string) => Type.String({ description: `Name or identifier of ${what}.` });

const SNI = 'A host name, exact or with `*` as the first label.';

export const NamedCertificate = Input('NamedCertificate', {
  name: HostName(`${SNI} The certificate must be for it.`),
  certificateId: Id('certificate', 'The certificate that is shown to clients that ask for this name.'),
});
export type NamedCertificate = Static<typeof NamedCertificate>;

export const ServerName = Input('ServerName', {
  name: HostName(SNI),
  backendServiceId: Id('backendService', 'Where connections of clients that ask for this name go.'),
});
export type ServerName = Static<typeof ServerName>;

const clientCertificates = {
  mode: Words(
    CLIENT_CERTIFICATE_MODES,
    'Whether clients are asked for a certificate, and whether they must have one. Default: off.',
  ),
  authorityId: Nullable(Id('authority', 'What the certificates of clients are judged by; needed unless `off`.')),
  depth: Type.Integer({
    minimum: VERIFY_DEPTH.minimum,
    maximum: VERIFY_DEPTH.maximum,
    default: VERIFY_DEPTH.default,
    description: "Intermediate certificates between a client's and the authority's, at most.",
  }),
};

export const ClientCertificates = Output('ClientCertificates', clientCertificates);
export type ClientCertificates = Static<typeof ClientCertificates>;

export const ClientCertificatesPatch = Patch('ClientCertificatesPatch', clientCertificates);
export type ClientCertificatesPatch = Static<typeof ClientCertificatesPatch>;

const hsts = {
  enabled: Type.Boolean({
    default: false,
    description: 'Whether https answers tell browsers to come by https alone: Strict-Transport-Security.',
  }),
  maxAge: Seconds(HSTS_MAX_AGE, 'How long they keep to it.'),
  includeSubDomains: Type.Boolean({ default: false, description: 'Whether it is meant for all names below, too.' }),
};

export const Hsts = Output('Hsts', hsts);
export type Hsts = Static<typeof Hsts>;

export const HstsPatch = Patch('HstsPatch', hsts);
export type HstsPatch = Static<typeof HstsPatch>;

const defaultCertificates = {
  maxItems: LISTENER_CERTIFICATES.defaults,
  uniqueItems: true,
  default: [],
  description:
    'Shown to clients that ask for no name, or for none of `certificates`: one, or two with keys of different types' +
    '. https and tls need one.',
};
const certificates = {
  maxItems: LISTENER_CERTIFICATES.named,
  default: [],
  description:
    'Shown by the name that the client asks for (SNI): an exact name goes before a wildcard. A name may ' +
    'have one certificate for each type of key. A change replaces all of them.',
};
const serverNames = {
  maxItems: SERVER_NAMES,
  default: [],
  description:
    'TLS that is not ended here: a tcp listener reads the name that the client asks for, and takes the backend service ' +
    'of it; any other connection goes to the backend service of the listener. A change replaces all of them.',
};
const sessionTickets = Type.Boolean({
  default: true,
  description: 'Whether clients may resume sessions, on whatever node, by tickets; their keys change every day.',
});

/** Plain settings of a listener. */
export const listenerTlsSettings = {
  defaultCertificateIds: Type.Array(Id('certificate', 'A certificate.'), defaultCertificates),
  certificates: Type.Array(Ref(NamedCertificate), certificates),
  securityPolicyId: Type.String({
    ...SecurityPolicyId('Versions of TLS and ciphers: a policy by its identifier, or a built-in one by its name.'),
    default: DEFAULT_SECURITY_POLICY,
  }),
  sessionTickets,
  serverNames: Type.Array(Ref(ServerName), serverNames),
};

/** Settings that are objects, as they show and as they are changed. */
export const listenerTlsObjects = { clientCertificates: Ref(ClientCertificates), hsts: Ref(Hsts) };
export const listenerTlsObjectPatches = { clientCertificates: Ref(ClientCertificatesPatch), hsts: Ref(HstsPatch) };

export const NamedCertificateDocument = Input('NamedCertificateDocument', {
  name: NamedCertificate.properties.name,
  certificate: reference('the certificate'),
});

export const ServerNameDocument = Input('ServerNameDocument', {
  name: ServerName.properties.name,
  backendService: reference('a backend service of this load balancer'),
});

export const ClientCertificatesDocument = Patch('ClientCertificatesDocument', {
  mode: clientCertificates.mode,
  authority: Nullable(reference('the authority; null: none')),
  depth: clientCertificates.depth,
});

/** The same settings in a configuration document, where objects are named. */
export const listenerTlsDocument = {
  defaultCertificates: Type.Array(reference('a certificate'), defaultCertificates),
  certificates: Type.Array(Ref(NamedCertificateDocument), certificates),
  securityPolicy: reference('a security policy'),
  sessionTickets,
  serverNames: Type.Array(Ref(ServerNameDocument), serverNames),
  clientCertificates: Ref(ClientCertificatesDocument),
  hsts: Ref(HstsPatch),
};
