import type { AccessKey } from '@evenkeel/model/resources/access-key.ts';
import type { AccessPolicy } from '@evenkeel/model/resources/access-policy.ts';
import type { Authority } from '@evenkeel/model/resources/authority.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Certificate } from '@evenkeel/model/resources/certificate.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { NodeDuty } from '@evenkeel/model/resources/placement.ts';
import type { Region } from '@evenkeel/model/resources/region.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { SecurityGroup } from '@evenkeel/model/resources/security-group.ts';
import type { SecurityPolicy } from '@evenkeel/model/resources/security-policy.ts';
import type { Specification } from '@evenkeel/model/resources/specification.ts';
import type { Subnet } from '@evenkeel/model/resources/subnet.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import type { Tenant } from '@evenkeel/model/resources/tenant.ts';
import type { Token } from '@evenkeel/model/resources/token.ts';
import type { User } from '@evenkeel/model/resources/user.ts';
import type { Vpc } from '@evenkeel/model/resources/vpc.ts';
import type { Webhook } from '@evenkeel/model/resources/webhook.ts';
import type { Zone } from '@evenkeel/model/resources/zone.ts';
import type { Secret } from '../secrets/secret.ts';

/**
 * What is stored of a resource: what was configured, without what is observed or derived. Times are Unix milliseconds.
 * A record is never changed; a new one takes its place.
 */
type Recorded<T, Derived extends keyof T = never> = Readonly<Omit<T, Derived | 'createdAt' | 'updatedAt'>> & {
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type LoadBalancerRecord = Recorded<LoadBalancer, 'status'>;
export type ListenerRecord = Recorded<Listener, 'status' | 'nodes' | 'addresses'>;
export type BackendServiceRecord = Recorded<BackendService> & {
  /** For the plans of nodes alone, see stickiness-keys.ts; null: none was needed yet. */
  readonly stickinessKeys: Secret | null;
};
export type TargetGroupRecord = Recorded<TargetGroup, 'targetCount'>;
export type TargetRecord = Recorded<Target>;
export type RuleGroupRecord = Recorded<RuleGroup, 'ruleCount'>;
export type RuleRecord = Recorded<Rule> & {
  /** What the keys of `jwt` hold back, see jwt-secrets.ts; null: nothing. */
  readonly jwtSecrets: Secret | null;
};
export type ElasticIpRecord = Recorded<ElasticIp>;
/** `pem` is the chain; `ocspResponse` is DER in base64. */
export type CertificateRecord = Recorded<Certificate, 'status' | 'daysLeft' | 'stapled' | 'usedBy'> & {
  readonly pem: string;
  readonly privateKey: Secret;
  readonly ocspResponse: string | null;
};
export type AuthorityRecord = Recorded<Authority, 'status' | 'daysLeft' | 'usedBy'> & {
  readonly certificatesPem: string;
  readonly revocationListsPem: string;
};
/** A custom policy; the built-in ones are in the model. */
export type SecurityPolicyRecord = Recorded<SecurityPolicy, 'builtIn' | 'usedBy' | 'tenantId'> & {
  readonly tenantId: string;
};
export type SecurityGroupRecord = Recorded<SecurityGroup, 'usedBy'>;
/** A VPC that somebody has created; the one that every tenant has is in resources/default-network.ts. */
export type VpcRecord = Recorded<Vpc, 'builtIn' | 'subnetCount'>;
export type SubnetRecord = Recorded<Subnet, 'builtIn' | 'onRequest' | 'usage'>;
/** One that was added; the built-in ones are in the model. */
export type SpecificationRecord = Recorded<Specification, 'builtIn'>;
export type TenantRecord = Recorded<Tenant>;
export type AccessPolicyRecord = Recorded<AccessPolicy, 'usedBy'>;
export type UserRecord = Recorded<User, 'passwordChangedAt'> & {
  /** A hash, see access/password.ts; null: the user has none. */
  readonly password: Secret | null;
  /** Unix milliseconds; null: it never was. Sessions from before are none. */
  readonly passwordChangedAt: number | null;
};
export type AccessKeyRecord = Recorded<AccessKey, 'status' | 'expiresAt'> & {
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** What requests are signed with. */
  readonly secret: Secret;
};
export type WebhookRecord = Recorded<Webhook> & {
  /** What deliveries are signed with. */
  readonly secret: Secret;
};
export type TokenRecord = Recorded<Token, 'status' | 'expiresAt'> & {
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** What the token is known by, see access/secrets.ts. */
  readonly hash: string;
};

export type RegionRecord = Recorded<Region>;
export type ZoneRecord = Recorded<Zone>;
/** A node that is taken out of use, under its name; see placement/. Of one that serves there is none. */
export interface NodeDutyRecord {
  readonly id: string;
  readonly name: string;
  readonly duty: Exclude<NodeDuty, 'serving'>;
  /** Load balancers that a cordoned node had. */
  readonly keeps: readonly string[];
  /** `since`: Unix milliseconds; `seconds` that its connections have; null: it is cordoned. */
  readonly drain: { readonly since: number; readonly seconds: number; readonly force: boolean } | null;
  readonly generation: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RecordOf {
  readonly loadBalancer: LoadBalancerRecord;
  readonly listener: ListenerRecord;
  readonly backendService: BackendServiceRecord;
  readonly targetGroup: TargetGroupRecord;
  readonly target: TargetRecord;
  readonly ruleGroup: RuleGroupRecord;
  readonly rule: RuleRecord;
  readonly elasticIp: ElasticIpRecord;
  readonly certificate: CertificateRecord;
  readonly authority: AuthorityRecord;
  readonly securityPolicy: SecurityPolicyRecord;
  readonly securityGroup: SecurityGroupRecord;
  readonly vpc: VpcRecord;
  readonly subnet: SubnetRecord;
  readonly specification: SpecificationRecord;
  readonly tenant: TenantRecord;
  readonly accessPolicy: AccessPolicyRecord;
  readonly user: UserRecord;
  readonly token: TokenRecord;
  readonly accessKey: AccessKeyRecord;
  readonly webhook: WebhookRecord;
  readonly region: RegionRecord;
  readonly zone: ZoneRecord;
  readonly node: NodeDutyRecord;
}
/** What new sessions of TLS are sealed with, for all listeners of all nodes. Each key is base64 of 80 bytes. */
export interface TicketKeys {
  /** The one that makes tickets, the one that will, and the one that did. */
  readonly keys: readonly Secret[];
  /** Unix milliseconds. */
  readonly rotatedAt: number;
}
export type AnyRecord = RecordOf[ResourceKind];

/** What every record has; the store fills it in. */
export type Stamped = 'generation' | 'createdAt' | 'updatedAt';
