import type { ErrorCode } from '@evenkeel/model/errors.ts';
import { TLS_CIPHERS, type TlsSettings } from '@evenkeel/model/tls-ciphers.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { CertificateRecord, ListenerRecord, SecurityPolicyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { coversName } from '../x509/host-names.ts';
import { certificatesOf } from './usage.ts';

type Certificates = Pick<ListenerRecord, 'defaultCertificateIds' | 'certificates'>;
/** `field` is a pointer within the listener. */
type Refuse = (code: ErrorCode, field: string, reason: string) => never;

const KEY_TYPES_OF = new Map(TLS_CIPHERS.map(({ name, keyTypes }) => [name, keyTypes]));

/** What a listener shows must be there, be for its names, and leave no doubt which one is meant. */
export function checkCertificates(
  state: State,
  { defaultCertificateIds, certificates }: Certificates,
  refuse: Refuse,
): void {
  const find = (id: string, field: string) =>
    state.certificates.get(id) ?? refuse('reference-not-found', field, `there is no certificate ${id}`);
  const [first, second] = defaultCertificateIds.map((id, i) => find(id, `/defaultCertificateIds/${i}`));
  if (first !== undefined && first.keyType === second?.keyType) {
    const reason = `${first.name} and ${second.name} both have a key of type ${first.keyType}; a second one is for the other type`;
    refuse('certificate-mismatch', '/defaultCertificateIds/1', reason);
  }
  const taken = new Map<string, string>();
  for (const [i, { name, certificateId }] of certificates.entries()) {
    const certificate = find(certificateId, `/certificates/${i}/certificateId`);
    if (!coversName(certificate.names, name)) {
      const names = certificate.names.length === 0 ? 'no name' : certificate.names.slice(0, 5).join(', ');
      refuse(
        'certificate-mismatch',
        `/certificates/${i}/name`,
        `certificate ${certificate.name} is not for ${name}, but for ${names}`,
      );
    }
    const key = `${certificate.keyType} ${name}`;
    const other = taken.get(key);
    if (other !== undefined) {
      const reason = `${name} has the certificate ${other} with a key of type ${certificate.keyType} already`;
      refuse('certificate-mismatch', `/certificates/${i}/name`, reason);
    }
    taken.set(key, certificate.name);
  }
}

/** Refuses a policy by which no client could ever connect to a name: TLS 1.2 alone, with ciphers for other types of key. */
export function checkPolicyFits(
  state: State,
  { versions, ciphers }: TlsSettings,
  { defaultCertificateIds, certificates }: Certificates,
  refuse: (reason: string) => never,
): void {
  if (versions.includes('1.3')) return;
  const fits = new Set(ciphers.flatMap((cipher) => KEY_TYPES_OF.get(cipher) ?? []));
  const check = (ids: readonly string[], whose: string) => {
    const types = ids.flatMap((id) => state.certificates.get(id)?.keyType ?? []);
    if (!types.some((type) => fits.has(type))) {
      refuse(`has no cipher for keys of type ${types.join(', ')}, which ${whose} has`);
    }
  };
  check(defaultCertificateIds, 'the default certificate');
  const byName = Map.groupBy(certificates, ({ name }) => name);
  for (const [name, shown] of byName) {
    check(
      shown.map(({ certificateId }) => certificateId),
      `the certificate for ${name}`,
    );
  }
}

/** After the certificate was replaced: everything that shows it must still be right. */
export function checkListenersOf(draft: Draft, certificate: CertificateRecord): void {
  for (const listener of listenersOf(draft)) {
    if (!certificatesOf(listener).has(certificate.id)) continue;
    checkCertificates(draft, listener, (code, field, reason) =>
      refuseField(code, '/chain', `does not do for listener ${listener.name} (${listener.id}): ${field}: ${reason}`),
    );
  }
}

/** After the policy was changed: the certificates of its listeners must fit it. */
export function checkPolicyOfListeners(draft: Draft, policy: SecurityPolicyRecord): void {
  for (const listener of listenersOf(draft)) {
    if (listener.securityPolicyId !== policy.id || listener.defaultCertificateIds.length === 0) continue;
    checkPolicyFits(draft, policy, listener, (reason) =>
      refuseField('certificate-mismatch', '/ciphers', `${reason} of listener ${listener.name} (${listener.id})`),
    );
  }
}

function* listenersOf(draft: Draft): Generator<ListenerRecord> {
  for (const { listeners } of draft.loadBalancers.values()) yield* listeners.values();
}
