import { CERTIFICATE } from '@evenkeel/model/limits.ts';
import type { AuthorityDocument } from '@evenkeel/model/resources/authority.ts';
import type { CertificateDocument } from '@evenkeel/model/resources/certificate.ts';
import type { ConfigurationDocument } from '@evenkeel/model/resources/document.ts';
import type { ElasticIpDocument } from '@evenkeel/model/resources/elastic-ip.ts';
import type { SecurityPolicyDocument } from '@evenkeel/model/resources/security-policy.ts';
import { refuseField } from '../problem.ts';
import { createAuthority, updateAuthority } from '../resources/authorities.ts';
import { createCertificate, updateCertificate } from '../resources/certificates.ts';
import { createElasticIp, updateElasticIp } from '../resources/elastic-ips.ts';
import { createSecurityGroup, updateSecurityGroup } from '../resources/security-groups.ts';
import { createSecurityPolicy, updateSecurityPolicy } from '../resources/security-policies.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type {
  AuthorityRecord,
  CertificateRecord,
  ElasticIpRecord,
  RecordOf,
  SecurityPolicyRecord,
} from '../state/records.ts';
import { linkOf, readCertificates } from '../x509/certificate.ts';
import { applyVpcs } from './apply-vpcs.ts';
import { checkFixed, type Mention } from './contents.ts';
import { at } from './place.ts';

type SharedKind = 'certificate' | 'authority' | 'securityPolicy' | 'securityGroup' | 'elasticIp';
type Lists = Pick<
  ConfigurationDocument,
  'certificates' | 'authorities' | 'securityPolicies' | 'securityGroups' | 'elasticIps' | 'vpcs'
>;

/** Private keys by the name of the certificate in the document. */
export type PrivateKeys = ReadonlyMap<string, Secret>;

/** Makes what load balancers draw on be what the documents say; what is not named is left alone. */
export function applyShared(draft: Draft, lists: Lists, mention: Mention, keys: PrivateKeys = new Map()): void {
  const apply = applying(mention);
  apply('certificate', 'certificates', lists.certificates, draft.certificates, (document, known) =>
    known === null ? createdWithKey(draft, document, keys) : renewed(draft, known, document, keys),
  );
  apply('authority', 'authorities', lists.authorities, draft.authorities, (document, known) =>
    known === null ? createAuthority(draft, document) : changedAuthority(draft, known, document),
  );
  apply('securityPolicy', 'securityPolicies', lists.securityPolicies, draft.securityPolicies, (document, known) =>
    known === null ? createSecurityPolicy(draft, document) : changedPolicy(draft, known, document),
  );
  apply('securityGroup', 'securityGroups', lists.securityGroups, draft.securityGroups, (document, known) =>
    known === null ? createSecurityGroup(draft, document) : updateSecurityGroup(draft, known, document),
  );
  apply('elasticIp', 'elasticIps', lists.elasticIps, draft.elasticIps, (document, known) =>
    known === null ? createElasticIp(draft, document) : changedElasticIp(draft, known, document),
  );
  applyVpcs(draft, lists.vpcs ?? [], mention);
}

function applying(mention: Mention) {
  return <K extends SharedKind, D extends { readonly name: string }>(
    kind: K,
    list: keyof Lists,
    documents: readonly D[] | undefined,
    records: Iterable<readonly [string, RecordOf[K]]>,
    make: (document: D, known: RecordOf[K] | null) => RecordOf[K],
  ) => {
    if (documents === undefined || documents.length === 0) return;
    const known = new Map(Array.from(records, ([, record]) => [record.name, record]));
    const names = new Set<string>();
    for (const [i, document] of documents.entries()) {
      const place = `/${list}/${i}`;
      const { name } = document;
      if (names.has(name)) refuseField('name-taken', `${place}/name`, `${name} is in the document twice`);
      names.add(name);
      mention(
        kind,
        at(place, () => make(document, known.get(name) ?? null)),
      );
    }
  };
}

function createdWithKey(draft: Draft, document: CertificateDocument, keys: PrivateKeys): CertificateRecord {
  const key = keys.get(document.name);
  if (key === undefined) {
    const reason = `there is no certificate ${document.name}, and no private key for it: upload both, or import a sealed export`;
    refuseField('reference-not-found', '/name', reason);
  }
  return createCertificate(draft, { ...document, privateKey: key.reveal() });
}

/** The same chain stays as it is, key and OCSP response with it. */
function renewed(
  draft: Draft,
  known: CertificateRecord,
  { chain, description, tags }: CertificateDocument,
  keys: PrivateKeys,
): CertificateRecord {
  const key = keys.get(known.name);
  return updateCertificate(draft, known, {
    ...(description !== undefined && { description }),
    ...(tags && { tags }),
    ...(!isSameChain(known, chain) && { chain, ...(key && { privateKey: key.reveal() }) }),
  });
}

/** Whether it is the chain of the certificate, however it is written. */
export function isSameChain(known: Pick<CertificateRecord, 'chain' | 'pem'>, pem: string): boolean {
  if (known.pem === pem) return true;
  const links = readCertificates(pem, CERTIFICATE.chainLinks, '/chain').map(linkOf);
  return (
    links.length === known.chain.length &&
    links.every(({ fingerprint }, i) => fingerprint === known.chain[i]!.fingerprint)
  );
}

function changedAuthority(draft: Draft, known: AuthorityRecord, { name: _, ...patch }: AuthorityDocument) {
  const { certificates, revocationLists, ...plain } = patch;
  // What is there already is not judged anew: it may have run out since.
  return updateAuthority(draft, known, {
    ...plain,
    ...(certificates !== known.certificatesPem && { certificates }),
    ...(revocationLists !== undefined && revocationLists !== known.revocationListsPem && { revocationLists }),
  });
}

function changedPolicy(draft: Draft, known: SecurityPolicyRecord, { name: _, ...patch }: SecurityPolicyDocument) {
  return updateSecurityPolicy(draft, known, patch);
}

function changedElasticIp(draft: Draft, known: ElasticIpRecord, document: ElasticIpDocument): ElasticIpRecord {
  const { name: _, address, ...patch } = document;
  checkFixed(address, known.address, '/address');
  return updateElasticIp(draft, known, patch);
}
