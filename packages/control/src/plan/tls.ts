import type {
  PlannedAuthority,
  PlannedCertificate,
  PlannedTargetTls,
  PlannedTicketKeys,
  PlannedTls,
} from '@evenkeel/model/plan/tls.ts';
import { TLS_VERSIONS } from '@evenkeel/model/plan/tls.ts';
import { TLS_CIPHERS, type TlsSettings } from '@evenkeel/model/tls-ciphers.ts';
import { endsTls } from '../resources/usage.ts';
import type {
  AuthorityRecord,
  BackendServiceRecord,
  CertificateRecord,
  ListenerRecord,
  TicketKeys,
} from '../state/records.ts';

const TLS13 = new Set(TLS_CIPHERS.filter(({ version }) => version === '1.3').map(({ name }) => name));

/** The TLS side of a listener; null when it does not end TLS. */
export function planTls(listener: ListenerRecord, { versions, ciphers }: TlsSettings): PlannedTls | null {
  if (!endsTls(listener.protocol)) return null;
  const { mode, authorityId, depth } = listener.clientCertificates;
  return {
    defaultCertificates: listener.defaultCertificateIds,
    certificates: listener.certificates,
    versions: TLS_VERSIONS.filter((version) => versions.includes(version)),
    ciphers: ciphers.filter((cipher) => !TLS13.has(cipher)),
    ciphersuites: ciphers.filter((cipher) => TLS13.has(cipher)),
    sessionTickets: listener.sessionTickets,
    clientCertificates: mode === 'off' || authorityId === null ? null : { mode, authorityId, depth },
  };
}

export function planTargetTls({ tls }: Pick<BackendServiceRecord, 'tls'>): PlannedTargetTls | null {
  if (!tls.enabled) return null;
  return { authorityId: tls.verify ? tls.authorityId : null, serverName: tls.serverName, versions: TLS_VERSIONS };
}

/** The only place where a private key leaves its secret: towards the nodes. */
export function planCertificate(certificate: CertificateRecord): PlannedCertificate {
  return {
    id: certificate.id,
    chain: certificate.pem,
    privateKey: certificate.privateKey.reveal(),
    names: certificate.names,
    keyType: certificate.keyType,
    ocspResponse: certificate.ocspResponse,
    ...(certificate.stapledUntil !== null && { stapledUntil: Date.parse(certificate.stapledUntil) }),
  };
}

export function planAuthority(authority: AuthorityRecord): PlannedAuthority {
  return {
    id: authority.id,
    certificates: authority.certificatesPem,
    revocationLists: authority.revocationListsPem,
  };
}

export function planTicketKeys({ keys }: TicketKeys): PlannedTicketKeys {
  return { id: 'current', keys: keys.map((key) => key.reveal()) };
}
