import { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import { RuleGroupDocument } from '@evenkeel/model/resources/rule-group.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { TargetInput } from '@evenkeel/model/resources/target.ts';
import { TargetGroupDocument } from '@evenkeel/model/resources/target-group.ts';
import { inOrder } from '../routing/order.ts';
import type { BackendServiceRecord, ListenerRecord, LoadBalancerRecord, RuleRecord } from '../state/records.ts';
import type { GroupTree, LoadBalancerTree, RuleGroupTree, State } from '../state/state.ts';

type Fields = Readonly<Record<string, unknown>>;
type Naming = <I extends string | null>(id: I) => I;

/**
 * A load balancer with everything in it, as `apply` takes it: every field that a document can have is there, and what is
 * referred to is named.
 */
export function completeDocument(state: State, tree: LoadBalancerTree): LoadBalancerDocument {
  const nameOf = namesIn(state, tree);
  return {
    ...loadBalancerFields(state, tree.loadBalancer),
    targetGroups: Array.from(tree.groups.values(), groupDocument),
    backendServices: Array.from(tree.services.values(), (service) => serviceDocument(service, nameOf)),
    ruleGroups: Array.from(tree.ruleGroups.values(), (group) => ruleGroupDocument(group, nameOf)),
    listeners: Array.from(tree.listeners.values(), (listener) => listenerDocument(listener, nameOf)),
  } as unknown as LoadBalancerDocument;
}

/** The values of a record that a document has under the same names, in the order of the document. */
export function documented(schema: { readonly properties: object }, record: object): Fields {
  const fields: Record<string, unknown> = {};
  for (const field of Object.keys(schema.properties)) {
    const value = (record as Fields)[field];
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

function loadBalancerFields(state: State, loadBalancer: LoadBalancerRecord): Fields {
  const { elasticIpId, securityGroupIds, subnetId } = loadBalancer;
  return {
    ...documented(LoadBalancerDocument, loadBalancer),
    subnet: state.subnets.get(subnetId)?.name ?? DEFAULT_SUBNET.name,
    elasticIp: elasticIpId && state.elasticIps.get(elasticIpId)!.name,
    securityGroups: securityGroupIds.map((id) => state.securityGroups.get(id)!.name),
  };
}

function groupDocument({ group, targets }: GroupTree): Fields {
  const list = Array.from(targets.values(), (target) => documented(TargetInput, target));
  return { ...documented(TargetGroupDocument, group), targets: list };
}

function serviceDocument(service: BackendServiceRecord, nameOf: Naming): Fields {
  const { authorityId, ...tls } = service.tls;
  return {
    ...documented(BackendServiceDocument, service),
    targetGroup: nameOf(service.targetGroupId),
    tls: { ...tls, authority: nameOf(authorityId) },
  };
}

function ruleGroupDocument({ group, rules }: RuleGroupTree, nameOf: Naming): Fields {
  const list = inOrder(rules.values()).map((rule) => ruleDocument(rule, nameOf));
  return { ...documented(RuleGroupDocument, group), rules: list };
}

function ruleDocument(rule: RuleRecord, nameOf: Naming): Fields {
  const named = <T extends { readonly backendServiceId: string }>({ backendServiceId, ...rest }: T) => {
    return { backendService: nameOf(backendServiceId), ...rest };
  };
  const { forward, mirror } = rule;
  return {
    ...documented(RuleDocument, rule),
    forward: forward?.map(named) ?? null,
    mirror: mirror && named(mirror),
  };
}

function listenerDocument(listener: ListenerRecord, nameOf: Naming): Fields {
  const { clientCertificates, certificates, serverNames } = listener;
  const { authorityId, ...clients } = clientCertificates;
  return {
    ...documented(ListenerDocument, listener),
    backendService: nameOf(listener.backendServiceId),
    ruleGroup: nameOf(listener.ruleGroupId),
    defaultCertificates: listener.defaultCertificateIds.map(nameOf),
    certificates: certificates.map(({ name, certificateId }) => ({ name, certificate: nameOf(certificateId) })),
    securityPolicy: nameOf(listener.securityPolicyId),
    clientCertificates: { ...clients, authority: nameOf(authorityId) },
    serverNames: serverNames.map(({ name, backendServiceId }) => ({ name, backendService: nameOf(backendServiceId) })),
  };
}

/** Built-in security policies have no name but their identifier. */
function namesIn(state: State, { groups, services, ruleGroups }: LoadBalancerTree): Naming {
  const shared = [state.certificates, state.authorities, state.securityPolicies];
  return ((id) => {
    if (id === null) return id;
    const own = services.get(id) ?? groups.get(id)?.group ?? ruleGroups.get(id)?.group;
    if (own !== undefined) return own.name;
    for (const objects of shared) {
      const found = objects.get(id);
      if (found !== undefined) return found.name;
    }
    return id;
  }) as Naming;
}
