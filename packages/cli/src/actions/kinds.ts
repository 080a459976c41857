import type { Client } from '@evenkeel/client/client.ts';
import type { IdKind } from '@evenkeel/model/id-kinds.ts';
import type { AccessPolicy } from '@evenkeel/model/resources/access-policy.ts';
import type { Authority } from '@evenkeel/model/resources/authority.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Certificate } from '@evenkeel/model/resources/certificate.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { Region } from '@evenkeel/model/resources/region.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { SecurityGroup } from '@evenkeel/model/resources/security-group.ts';
import type { SecurityPolicy } from '@evenkeel/model/resources/security-policy.ts';
import type { Subnet } from '@evenkeel/model/resources/subnet.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import type { Tenant } from '@evenkeel/model/resources/tenant.ts';
import type { User } from '@evenkeel/model/resources/user.ts';
import type { Vpc } from '@evenkeel/model/resources/vpc.ts';
import type { Webhook } from '@evenkeel/model/resources/webhook.ts';
import type { Zone } from '@evenkeel/model/resources/zone.ts';

interface Page<T> {
  readonly items: readonly T[];
}

/** A kind of resource that has a name, and how the API is asked for it. */
export interface Kind<T extends { readonly id: string; readonly name: string }> {
  readonly noun: string;
  readonly id: IdKind;
  get(client: Client, id: string): Promise<T>;
  /** Those with this name: everywhere, or within one load balancer. */
  named(client: Client, name: string, loadBalancerId?: string): Promise<Page<T>>;
}

/** A kind whose objects belong to a load balancer; their names are unique within it. */
export type Part = { readonly id: string; readonly name: string; readonly loadBalancerId: string };

const within = (loadBalancerId: string | undefined) => (loadBalancerId === undefined ? {} : { loadBalancerId });

export const loadBalancers: Kind<LoadBalancer> = {
  noun: 'load balancer',
  id: 'loadBalancer',
  get: (client, loadBalancerId) => client.getLoadBalancer({ params: { loadBalancerId } }),
  named: (client, name) => client.listLoadBalancers({ query: { name } }),
};

export const listeners: Kind<Listener> = {
  noun: 'listener',
  id: 'listener',
  get: (client, listenerId) => client.getListener({ params: { listenerId } }),
  named: (client, name, lb) => client.listListeners({ query: { name, ...within(lb) } }),
};

export const backendServices: Kind<BackendService> = {
  noun: 'backend service',
  id: 'backendService',
  get: (client, backendServiceId) => client.getBackendService({ params: { backendServiceId } }),
  named: (client, name, lb) => client.listBackendServices({ query: { name, ...within(lb) } }),
};

export const targetGroups: Kind<TargetGroup> = {
  noun: 'target group',
  id: 'targetGroup',
  get: (client, targetGroupId) => client.getTargetGroup({ params: { targetGroupId } }),
  named: (client, name, lb) => client.listTargetGroups({ query: { name, ...within(lb) } }),
};

export const ruleGroups: Kind<RuleGroup> = {
  noun: 'rule group',
  id: 'ruleGroup',
  get: (client, ruleGroupId) => client.getRuleGroup({ params: { ruleGroupId } }),
  named: (client, name, lb) => client.listRuleGroups({ query: { name, ...within(lb) } }),
};

export const elasticIps: Kind<ElasticIp> = {
  noun: 'elastic IP',
  id: 'elasticIp',
  get: (client, elasticIpId) => client.getElasticIp({ params: { elasticIpId } }),
  named: (client, name) => client.listElasticIps({ query: { name } }),
};

export const certificates: Kind<Certificate> = {
  noun: 'certificate',
  id: 'certificate',
  get: (client, certificateId) => client.getCertificate({ params: { certificateId } }),
  named: (client, name) => client.listCertificates({ query: { name } }),
};

export const authorities: Kind<Authority> = {
  noun: 'authority',
  id: 'authority',
  get: (client, authorityId) => client.getAuthority({ params: { authorityId } }),
  named: (client, name) => client.listAuthorities({ query: { name } }),
};

/** A built-in policy has its identifier as its name. */
export const securityPolicies: Kind<SecurityPolicy> = {
  noun: 'security policy',
  id: 'securityPolicy',
  get: (client, securityPolicyId) => client.getSecurityPolicy({ params: { securityPolicyId } }),
  named: (client, name) => client.listSecurityPolicies({ query: { name } }),
};

export const securityGroups: Kind<SecurityGroup> = {
  noun: 'security group',
  id: 'securityGroup',
  get: (client, securityGroupId) => client.getSecurityGroup({ params: { securityGroupId } }),
  named: (client, name) => client.listSecurityGroups({ query: { name } }),
};

export const vpcs: Kind<Vpc> = {
  noun: 'VPC',
  id: 'vpc',
  get: (client, vpcId) => client.getVpc({ params: { vpcId } }),
  named: (client, name) => client.listVpcs({ query: { name } }),
};

export const subnets: Kind<Subnet> = {
  noun: 'subnet',
  id: 'subnet',
  get: (client, subnetId) => client.getSubnet({ params: { subnetId } }),
  named: (client, name) => client.listSubnets({ query: { name } }),
};

export const tenants: Kind<Tenant> = {
  noun: 'tenant',
  id: 'tenant',
  get: (client, tenantId) => client.getTenant({ params: { tenantId } }),
  named: (client, name) => client.listTenants({ query: { name } }),
};

export const regions: Kind<Region> = {
  noun: 'region',
  id: 'region',
  get: (client, regionId) => client.getRegion({ params: { regionId } }),
  named: (client, name) => client.listRegions({ query: { name } }),
};

export const zones: Kind<Zone> = {
  noun: 'zone',
  id: 'zone',
  get: (client, zoneId) => client.getZone({ params: { zoneId } }),
  named: (client, name) => client.listZones({ query: { name } }),
};

export const webhooks: Kind<Webhook> = {
  noun: 'webhook',
  id: 'webhook',
  get: (client, webhookId) => client.getWebhook({ params: { webhookId } }),
  named: (client, name) => client.listWebhooks({ query: { name } }),
};

export const users: Kind<User> = {
  noun: 'user',
  id: 'user',
  get: (client, userId) => client.getUser({ params: { userId } }),
  named: (client, name) => client.listUsers({ query: { name } }),
};

export const accessPolicies: Kind<AccessPolicy> = {
  noun: 'access policy',
  id: 'accessPolicy',
  get: (client, accessPolicyId) => client.getAccessPolicy({ params: { accessPolicyId } }),
  named: (client, name) => client.listAccessPolicies({ query: { name } }),
};
