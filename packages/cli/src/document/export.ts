import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { SecurityGroup, SecurityGroupDocument } from '@evenkeel/model/resources/security-group.ts';
import { concurrently } from '../actions/concurrently.ts';

/** Fields that the control plane gives an object, and that a document does not set. */
type Given = 'id' | 'generation' | 'createdAt' | 'updatedAt';

/**
 * A load balancer with everything in it, as `apply` takes it: every field is there, so that applying it makes an object
 * what it was. References are names.
 */
export async function exportLoadBalancer(client: Client, lb: LoadBalancer): Promise<LoadBalancerDocument> {
  const query = { loadBalancerId: lb.id, limit: PAGE.maximum };
  const [listeners, services, groups, rules, elasticIp, securityGroups, subnet] = await Promise.all([
    Array.fromAsync(items(client.listListeners, { query })),
    Array.fromAsync(items(client.listBackendServices, { query })),
    Array.fromAsync(items(client.listTargetGroups, { query })),
    Array.fromAsync(items(client.listRuleGroups, { query })),
    lb.elasticIpId === null ? null : client.getElasticIp({ params: { elasticIpId: lb.elasticIpId } }),
    securityGroupsOf(client, lb),
    client.getSubnet({ params: { subnetId: lb.subnetId } }),
  ]);
  const shared = await sharedNames(client, listeners, services);
  const names = new Map([...services, ...groups, ...rules, ...shared].map(({ id, name }) => [id, name]));
  const nameOf = <I extends string | null>(id: I) => (id === null ? null : (names.get(id) ?? id)) as I;
  const targetGroups = await concurrently(groups, async (group) => {
    const { loadBalancerId: _, targetCount: __, ...own } = withoutGiven(group);
    return { ...own, targets: await targetsOf(client, group.id) };
  });
  const ruleGroups = await concurrently(rules, async (group) => {
    const { loadBalancerId: _, ruleCount: __, ...own } = withoutGiven(group);
    return { ...own, rules: await rulesOf(client, group.id, nameOf) };
  });
  const {
    elasticIpId: _,
    status: __,
    tenantId: ___,
    securityGroupIds: ____,
    subnetId: _____,
    ...own
  } = withoutGiven(lb);
  return {
    ...own,
    subnet: subnet.name,
    elasticIp: elasticIp?.name ?? null,
    securityGroups: securityGroups.map(({ name }) => name),
    targetGroups,
    backendServices: services.map((service) => {
      const { loadBalancerId: _, name, protocol, port, targetGroupId, tls, ...settings } = withoutGiven(service);
      const { authorityId, ...plain } = tls;
      const named = { targetGroup: nameOf(targetGroupId), tls: { ...plain, authority: nameOf(authorityId) } };
      return { name, protocol, port, ...named, ...settings };
    }),
    ruleGroups,
    listeners: listeners.map((listener) => {
      const { loadBalancerId: _, addresses, status, nodes, ...own } = withoutGiven(listener);
      const { name, protocol, port, lastPort, backendServiceId, ruleGroupId, ...settings } = own;
      const references = { backendService: nameOf(backendServiceId), ruleGroup: nameOf(ruleGroupId) };
      return {
        name,
        protocol,
        port,
        ...(lastPort !== null && { lastPort }),
        ...references,
        ...byName(settings, nameOf),
      };
    }),
  };
}

async function securityGroupsOf(client: Client, { securityGroupIds }: LoadBalancer): Promise<SecurityGroup[]> {
  return concurrently(securityGroupIds, (securityGroupId) => client.getSecurityGroup({ params: { securityGroupId } }));
}

/** The security groups that these load balancers name, each once, as `apply` takes them. */
export async function exportSecurityGroups(
  client: Client,
  lbs: readonly LoadBalancer[],
): Promise<SecurityGroupDocument[]> {
  const groups = new Map<string, SecurityGroup>();
  for (const lb of lbs) for (const group of await securityGroupsOf(client, lb)) groups.set(group.id, group);
  return Array.from(groups.values(), ({ name, rules, description, tags }) => ({ name, rules, description, tags }));
}

type References = 'defaultCertificateIds' | 'certificates' | 'securityPolicyId' | 'clientCertificates' | 'serverNames';

/** The settings of a listener with names in place of identifiers. Private keys are in no answer, so they are not here. */
function byName<T extends Pick<Listener, References>>(settings: T, nameOf: (id: string | null) => string | null) {
  const { defaultCertificateIds, certificates, securityPolicyId, clientCertificates, serverNames, ...plain } = settings;
  const { authorityId, ...clients } = clientCertificates;
  const known = (id: string) => nameOf(id) ?? id;
  return {
    ...plain,
    defaultCertificates: defaultCertificateIds.map(known),
    certificates: certificates.map(({ name, certificateId }) => ({ name, certificate: known(certificateId) })),
    securityPolicy: known(securityPolicyId),
    clientCertificates: { ...clients, authority: nameOf(authorityId) },
    serverNames: serverNames.map(({ name, backendServiceId }) => ({ name, backendService: known(backendServiceId) })),
  };
}

/** What the load balancer refers to outside of itself; nothing is asked for when there is none. */
async function sharedNames(
  client: Client,
  listeners: readonly Listener[],
  services: readonly BackendService[],
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const query = { limit: PAGE.maximum };
  const usesTls = listeners.some(({ defaultCertificateIds }) => defaultCertificateIds.length > 0);
  const usesAuthority = usesTls || services.some(({ tls }) => tls.authorityId !== null);
  const lists = await Promise.all([
    usesTls ? Array.fromAsync(items(client.listCertificates, { query })) : [],
    usesTls ? Array.fromAsync(items(client.listSecurityPolicies, { query })) : [],
    usesAuthority ? Array.fromAsync(items(client.listAuthorities, { query })) : [],
  ]);
  return lists.flat();
}

async function targetsOf(client: Client, targetGroupId: string) {
  const all = items(client.listTargets, { params: { targetGroupId }, query: { limit: PAGE.maximum } });
  return Array.fromAsync(all, (target) => {
    const { targetGroupId: _, ...own } = withoutGiven(target);
    return own;
  });
}

/** Rules in order, with names for the services. */
async function rulesOf(client: Client, ruleGroupId: string, nameOf: (id: string) => string) {
  const all = items(client.listRules, { params: { ruleGroupId }, query: { limit: PAGE.maximum } });
  const named = <T extends { backendServiceId: string }>({ backendServiceId, ...rest }: T) => {
    return { backendService: nameOf(backendServiceId), ...rest };
  };
  return Array.fromAsync(all, (rule) => {
    const { ruleGroupId: _, forward, mirror, ...own } = withoutGiven(rule);
    return { ...own, forward: forward?.map(named) ?? null, mirror: mirror && named(mirror) };
  });
}

function withoutGiven<T extends Record<Given, unknown>>(object: T): Omit<T, Given> {
  const { id, generation, createdAt, updatedAt, ...rest } = object;
  return rest;
}
