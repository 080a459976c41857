import type { CertificateCreate, CertificateLink, CertificatePatch } from '@evenkeel/model/resources/certificate.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { CertificateRecord } from '../state/records.ts';
import { readCertificate } from '../x509/certificate.ts';
import { checkOcspResponse } from '../x509/ocsp-response.ts';
import { checkListenersOf } from './listener-certificates.ts';
import { checkMaterial } from './material.ts';
import { checkName, checkQuota, checkUnused, notFound } from './rules.ts';
import { usersOf } from './usage.ts';

export function getCertificate(draft: Draft, id: string): CertificateRecord {
  return draft.certificates.get(id) ?? notFound('certificate', id);
}

export function createCertificate(draft: Draft, input: CertificateCreate): CertificateRecord {
  checkQuota(draft, 'certificates', draft.certificates.size + 1);
  const id = draft.newId('certificate');
  const name = input.name ?? id;
  checkName(draft.certificates.values(), name, '');
  const { now } = draft.context;
  const material = readCertificate(input.chain, new Secret(input.privateKey), now, '');
  const created = draft.create('certificate', {
    tenantId: draft.tenantId,
    id,
    name,
    ...material,
    ...stapling(input.ocspResponse ?? null, material.chain[0]!, now),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
  checkMaterial(draft);
  return created;
}

/** A new chain must do for every listener that shows the old one; the OCSP response goes with the old. */
export function updateCertificate(
  draft: Draft,
  certificate: CertificateRecord,
  patch: CertificatePatch,
): CertificateRecord {
  const { chain, privateKey, ocspResponse, ...plain } = patch;
  const { now } = draft.context;
  if (patch.name !== undefined) checkName(draft.certificates.values(), patch.name, '', certificate.id);
  const replaced = chain !== undefined || privateKey !== undefined;
  const key = privateKey === undefined ? certificate.privateKey : new Secret(privateKey);
  const material = replaced ? readCertificate(chain ?? certificate.pem, key, now, '') : null;
  const links = material?.chain ?? certificate.chain;
  const renewed = links[0]!.fingerprint !== certificate.chain[0]!.fingerprint;
  const response = ocspResponse === undefined && renewed ? null : ocspResponse;
  const updated = draft.update('certificate', certificate, {
    ...plain,
    ...material,
    ...(response !== undefined && stapling(response, links[0]!, now)),
  });
  if (updated !== certificate) checkListenersOf(draft, updated);
  checkMaterial(draft);
  return updated;
}

/** Refused while a listener shows it. */
export function deleteCertificate(draft: Draft, certificate: CertificateRecord): void {
  checkUnused(`certificate ${certificate.name}`, usersOf(draft, certificate.id));
  draft.remove('certificate', certificate);
}

function stapling(
  ocspResponse: string | null,
  own: CertificateLink,
  now: number,
): Pick<CertificateRecord, 'ocspResponse' | 'stapledUntil'> {
  if (ocspResponse === null) return { ocspResponse, stapledUntil: null };
  return { ocspResponse, stapledUntil: checkOcspResponse(ocspResponse, own, now, '/ocspResponse') };
}
