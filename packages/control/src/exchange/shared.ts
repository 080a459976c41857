import type { AuthorityDocument } from '@evenkeel/model/resources/authority.ts';
import type { CertificateDocument } from '@evenkeel/model/resources/certificate.ts';
import { ElasticIpDocument } from '@evenkeel/model/resources/elastic-ip.ts';
import { SecurityGroupDocument } from '@evenkeel/model/resources/security-group.ts';
import { SecurityPolicyDocument } from '@evenkeel/model/resources/security-policy.ts';
import { SubnetDocument } from '@evenkeel/model/resources/subnet.ts';
import { VpcDocument } from '@evenkeel/model/resources/vpc.ts';
import { certificatesOf, endsTls } from '../resources/usage.ts';
import type {
  AuthorityRecord,
  CertificateRecord,
  ElasticIpRecord,
  SecurityGroupRecord,
  SecurityPolicyRecord,
  VpcRecord,
} from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import { documented } from './complete.ts';

/** What load balancers draw on, as records. */
export interface SharedObjects {
  readonly certificates: readonly CertificateRecord[];
  readonly authorities: readonly AuthorityRecord[];
  readonly securityPolicies: readonly SecurityPolicyRecord[];
  readonly securityGroups: readonly SecurityGroupRecord[];
  readonly elasticIps: readonly ElasticIpRecord[];
  readonly vpcs: readonly VpcRecord[];
}

/** Those that the load balancers name, each once, in order of creation. */
export function sharedBy(state: State, trees: readonly LoadBalancerTree[]): SharedObjects {
  const named = new Set<string | null>();
  for (const { loadBalancer, listeners, services } of trees) {
    named.add(loadBalancer.elasticIpId).add(state.subnets.get(loadBalancer.subnetId)?.vpcId ?? null);
    for (const id of loadBalancer.securityGroupIds) named.add(id);
    for (const { tls } of services.values()) named.add(tls.authorityId);
    for (const listener of listeners.values()) {
      if (!endsTls(listener.protocol)) continue;
      for (const id of certificatesOf(listener)) named.add(id);
      named.add(listener.securityPolicyId).add(listener.clientCertificates.authorityId);
    }
  }
  return chosen(state, ({ id }) => named.has(id));
}

/** All that there are. */
export function allShared(state: State): SharedObjects {
  return chosen(state, () => true);
}

function chosen(state: State, wanted: (record: { readonly id: string }) => boolean): SharedObjects {
  const of = <T extends { readonly id: string }>(records: ReadonlyMap<string, T>) =>
    [...records.values()].filter(wanted);
  return {
    certificates: of(state.certificates),
    authorities: of(state.authorities),
    securityPolicies: of(state.securityPolicies),
    securityGroups: of(state.securityGroups),
    elasticIps: of(state.elasticIps),
    vpcs: of(state.vpcs),
  };
}

/** Each as a document with all its fields. */

export function certificateDocument({ name, pem, description, tags }: CertificateRecord): CertificateDocument {
  return { name, chain: pem, description, tags };
}

export function authorityDocument(record: AuthorityRecord): AuthorityDocument {
  const { name, certificatesPem, revocationListsPem, description, tags } = record;
  return { name, certificates: certificatesPem, revocationLists: revocationListsPem, description, tags };
}

export function policyDocument(record: SecurityPolicyRecord): SecurityPolicyDocument {
  return documented(SecurityPolicyDocument, record) as unknown as SecurityPolicyDocument;
}

export function groupDocument(record: SecurityGroupRecord): SecurityGroupDocument {
  return documented(SecurityGroupDocument, record) as unknown as SecurityGroupDocument;
}

export function elasticIpDocument(record: ElasticIpRecord): ElasticIpDocument {
  return documented(ElasticIpDocument, record) as unknown as ElasticIpDocument;
}

/** With all its subnets. */
export function vpcDocument({ subnets }: Pick<State, 'subnets'>, record: VpcRecord): VpcDocument {
  const own = [...subnets.values()].filter(({ vpcId }) => vpcId === record.id);
  const documents = own.map((subnet) => documented(SubnetDocument, subnet));
  return { ...documented(VpcDocument, record), subnets: documents } as unknown as VpcDocument;
}
