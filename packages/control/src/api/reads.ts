import { canonicalAddress } from '@evenkeel/model/address.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { RULE, WAIT } from '@evenkeel/model/limits.ts';
import { BUILT_IN_POLICIES, TLS_CIPHERS } from '@evenkeel/model/tls-ciphers.ts';
import { type AccessReadName, createAccessReads } from '../access/reads.ts';
import { type AuditSources, listAudit } from '../audit/reads.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import type { AnswerCheck } from '../diagnosis/checked-answers.ts';
import { createDiagnosis, type DiagnosisName } from '../diagnosis/reads.ts';
import type { EventHub } from '../events/hub.ts';
import { listEvents } from '../events/reads.ts';
import type { OperationTracker } from '../nodes/operations.ts';
import { saveOutcomes } from '../nodes/persistence.ts';
import type { NodeQuestions } from '../nodes/questions.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { TargetHealthTable } from '../nodes/target-health.ts';
import type { AddressPools } from '../resources/addresses.ts';
import { notFound } from '../resources/rules.ts';
import { builtInPolicy } from '../resources/security-policies.ts';
import { inOrder } from '../routing/order.ts';
import {
  findGroup,
  findListener,
  findRuleGroup,
  findService,
  type LoadBalancerTree,
  loadBalancersOf,
  ruleGroupsOf,
  type State,
} from '../state/state.ts';
import { operationFromRow } from '../store/history.ts';
import type { TrafficWatch } from '../traffic/traffic-watch.ts';
import { createWebhookReads, type WebhookReadName } from '../webhooks/calls.ts';
import type { Deliverer } from '../webhooks/deliverer.ts';
import { coversName } from '../x509/host-names.ts';
import type { Call } from './call.ts';
import { listIdleLoadBalancers } from './idle.ts';
import { createNetworkReads, type NetworkReadName } from './network-reads.ts';
import { checkedTargets, showOperation, showServiceHealth, showTargetHealth } from './observed.ts';
import { findOperation, tenantsOf } from './operations.ts';
import { encode, pageOf, paginate } from './paging.ts';
import { listSpecifications } from './specifications.ts';
import { hasTag } from './tags.ts';
import { lifetime, Views } from './views.ts';

const PRIORITY_DIGITS = String(RULE.priority.maximum).length;

export type ReadName =
  | 'listLoadBalancers'
  | 'getLoadBalancer'
  | 'listListeners'
  | 'getListener'
  | 'listBackendServices'
  | 'getBackendService'
  | 'getBackendServiceHealth'
  | 'listTargetGroups'
  | 'getTargetGroup'
  | 'listTargets'
  | 'getTarget'
  | 'listRuleGroups'
  | 'getRuleGroup'
  | 'listRules'
  | 'getRule'
  | 'listElasticIps'
  | 'getElasticIp'
  | 'listCertificates'
  | 'getCertificate'
  | 'listAuthorities'
  | 'getAuthority'
  | 'listSecurityPolicies'
  | 'getSecurityPolicy'
  | 'listCiphers'
  | 'listSpecifications'
  | 'listIdleLoadBalancers'
  | 'listSecurityGroups'
  | 'getSecurityGroup'
  | 'listOperations'
  | 'getOperation'
  | 'listTargetHealth'
  | AccessReadName
  | NetworkReadName
  | DiagnosisName
  | 'listAudit'
  | 'listEvents'
  | WebhookReadName;

export type Reads = {
  readonly [K in ReadName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>>;
};

export interface ReadSources extends AuditSources {
  readonly blockLists: Pick<BlockLists, 'size'>;
  readonly nodes: NodeRegistry;
  readonly health: TargetHealthTable;
  readonly questions: NodeQuestions;
  readonly operations: OperationTracker;
  readonly events: EventHub;
  readonly deliverer: Deliverer;
  readonly checked: AnswerCheck;
  readonly pools: AddressPools;
  readonly traffic: Pick<TrafficWatch, 'recent' | 'quietSince'>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The calls that change nothing. */
export function createReads(sources: ReadSources): Reads {
  const { store, nodes, health, operations, now } = sources;
  const views = (state: State) => new Views(state, nodes, now());
  const byId = ({ id }: { readonly id: string }) => id;
  return {
    ...createDiagnosis(sources),
    ...createAccessReads(sources),
    ...createNetworkReads(store, sources.pools),
    listSpecifications,
    listIdleLoadBalancers: (call) => listIdleLoadBalancers(call, sources.traffic.quietSince, now()),
    listAudit: (call) => listAudit(sources, call),
    listEvents: (call) => listEvents(store, call),
    ...createWebhookReads(store, sources.deliverer),
    listLoadBalancers({ query, state }) {
      const wanted = where(loadBalancersOf(state), ({ name, type, tags }) => {
        return matches([query.name, name], [query.type, type]) && hasTag(tags, query.tag);
      });
      const view = views(state);
      return paginate(wanted, query, byId, (loadBalancer) => view.loadBalancer(loadBalancer));
    },
    getLoadBalancer: ({ params: { loadBalancerId: id }, state }) =>
      views(state).loadBalancer((state.loadBalancers.get(id) ?? notFound('load balancer', id)).loadBalancer),

    listListeners({ query, state }) {
      const all = within(state, query.loadBalancerId, (tree) => tree.listeners.values());
      const wanted = where(all, ({ name, tags, backendServiceId, ruleGroupId }) => {
        if (!hasTag(tags, query.tag)) return false;
        return matches(
          [query.name, name],
          [query.backendServiceId, backendServiceId],
          [query.ruleGroupId, ruleGroupId],
        );
      });
      const view = views(state);
      return paginate(wanted, query, ownedKey, (listener) => view.listener(listener));
    },
    getListener: ({ params: { listenerId: id }, state }) =>
      views(state).listener((findListener(state, id) ?? notFound('listener', id)).listener),

    listBackendServices({ query, state }) {
      const all = within(state, query.loadBalancerId, (tree) => tree.services.values());
      const wanted = where(all, ({ name, tags, targetGroupId }) => {
        return matches([query.name, name], [query.targetGroupId, targetGroupId]) && hasTag(tags, query.tag);
      });
      const view = views(state);
      return paginate(wanted, query, ownedKey, (service) => view.service(service));
    },
    getBackendService: ({ params: { backendServiceId: id }, state }) =>
      views(state).service((findService(state, id) ?? notFound('backend service', id)).service),
    getBackendServiceHealth({ params: { backendServiceId: id }, state }) {
      const { tree, service } = findService(state, id) ?? notFound('backend service', id);
      return showServiceHealth(tree, service, health);
    },

    listTargetGroups({ query, state }) {
      const all = within(state, query.loadBalancerId, (tree) => tree.groups.values());
      const wanted = where(all, ({ group }) => matches([query.name, group.name]) && hasTag(group.tags, query.tag));
      const view = views(state);
      return paginate(
        wanted,
        query,
        ({ group }) => ownedKey(group),
        ({ group }) => view.group(group),
      );
    },
    getTargetGroup: ({ params: { targetGroupId: id }, state }) =>
      views(state).group((findGroup(state, id) ?? notFound('target group', id)).group),

    listTargets({ params: { targetGroupId: id }, query, state }) {
      const { targets } = findGroup(state, id) ?? notFound('target group', id);
      const view = views(state);
      const wantedAddress = query.address === undefined ? undefined : canonicalAddress(query.address)!;
      const wanted = where(targets.values(), ({ address }) => matches([wantedAddress, address]));
      return paginate(wanted, query, byId, (target) => view.target(target));
    },
    getTarget({ params: { targetGroupId, targetId }, state }) {
      const { targets } = findGroup(state, targetGroupId) ?? notFound('target group', targetGroupId);
      return views(state).target(targets.get(targetId) ?? notFound('target', targetId));
    },

    listRuleGroups({ query, state }) {
      const all = within(state, query.loadBalancerId, ruleGroupsOf);
      const wanted = where(all, ({ name, tags }) => matches([query.name, name]) && hasTag(tags, query.tag));
      const view = views(state);
      return paginate(wanted, query, ownedKey, (group) => view.ruleGroup(group));
    },
    getRuleGroup: ({ params: { ruleGroupId: id }, state }) =>
      views(state).ruleGroup((findRuleGroup(state, id) ?? notFound('rule group', id)).group),

    listRules({ params: { ruleGroupId: id }, query, state }) {
      const { rules } = findRuleGroup(state, id) ?? notFound('rule group', id);
      const view = views(state);
      const wanted = where(inOrder(rules.values()), ({ name }) => matches([query.name, name]));
      return paginate(wanted, query, placeOf, (rule) => view.rule(rule));
    },
    getRule({ params: { ruleGroupId, ruleId }, state }) {
      const { rules } = findRuleGroup(state, ruleGroupId) ?? notFound('rule group', ruleGroupId);
      return views(state).rule(rules.get(ruleId) ?? notFound('rule', ruleId));
    },

    listElasticIps({ query, state }) {
      const view = views(state);
      const wanted = where(state.elasticIps.values(), ({ name, tags, loadBalancerId }) => {
        return matches([query.name, name], [query.loadBalancerId, loadBalancerId]) && hasTag(tags, query.tag);
      });
      return paginate(wanted, query, byId, (elasticIp) => view.elasticIp(elasticIp));
    },
    getElasticIp: ({ params: { elasticIpId: id }, state }) =>
      views(state).elasticIp(state.elasticIps.get(id) ?? notFound('elastic IP', id)),

    listCertificates({ query, state }) {
      const view = views(state);
      const hostName = query.hostName?.toLowerCase();
      const wanted = where(state.certificates.values(), ({ name, tags, names, notAfter, chain }) => {
        if (!hasTag(tags, query.tag)) return false;
        if (hostName !== undefined && !coversName(names, hostName)) return false;
        return matches([query.name, name], [query.status, lifetime(notAfter, chain, now()).status]);
      });
      return paginate(wanted, query, byId, (certificate) => view.certificate(certificate));
    },
    getCertificate: ({ params: { certificateId: id }, state }) =>
      views(state).certificate(state.certificates.get(id) ?? notFound('certificate', id)),

    listAuthorities({ query, state }) {
      const view = views(state);
      const wanted = where(state.authorities.values(), ({ name, tags }) => {
        return matches([query.name, name]) && hasTag(tags, query.tag);
      });
      return paginate(wanted, query, byId, (authority) => view.authority(authority));
    },
    getAuthority: ({ params: { authorityId: id }, state }) =>
      views(state).authority(state.authorities.get(id) ?? notFound('authority', id)),

    listSecurityPolicies({ query, state }) {
      const view = views(state);
      const all = [
        ...BUILT_IN_POLICIES.map((policy) => view.builtInPolicy(policy)),
        ...Array.from(state.securityPolicies.values(), (policy) => view.securityPolicy(policy)),
      ];
      const wanted = where(all, ({ name, tags, builtIn }) => {
        if (!hasTag(tags, query.tag)) return false;
        return matches([query.name, name]) && (query.builtIn === undefined || query.builtIn === builtIn);
      });
      return paginate(wanted, query, placeOfPolicy, (policy) => policy);
    },
    getSecurityPolicy({ params: { securityPolicyId: id }, state }) {
      const builtIn = builtInPolicy(id);
      if (builtIn !== null) return views(state).builtInPolicy(builtIn);
      return views(state).securityPolicy(state.securityPolicies.get(id) ?? notFound('security policy', id));
    },
    listSecurityGroups({ query, state }) {
      const view = views(state);
      const wanted = where(state.securityGroups.values(), ({ name, tags }) => {
        return matches([query.name, name]) && hasTag(tags, query.tag);
      });
      return paginate(wanted, query, byId, (group) => view.securityGroup(group));
    },
    getSecurityGroup: ({ params: { securityGroupId: id }, state }) =>
      views(state).securityGroup(state.securityGroups.get(id) ?? notFound('security group', id)),
    listCiphers: ({ query }) =>
      paginate(
        TLS_CIPHERS,
        query,
        ({ name }) => placeIn(TLS_CIPHERS, name),
        (cipher) => ({ ...cipher, keyTypes: [...cipher.keyTypes] }),
      ),

    async listOperations({ query, caller }) {
      const { limit, after } = pageOf(query);
      const { status, resourceId } = query;
      // What has become known since the last time is in memory alone.
      if (status !== undefined) await saveOutcomes(store, operations);
      const rows = await store.read((db) =>
        db
          .selectFrom('operation')
          .selectAll()
          .where('tenant_id', '=', caller.actingIn)
          .$if(after !== null, (select) => select.where('id', '<', after!))
          .$if(status === 'pending', (select) => select.where('outcome', 'is', null))
          .$if(status !== undefined && status !== 'pending', (select) =>
            select.where('outcome', '=', status as 'applied'),
          )
          .$if(resourceId !== undefined, (select) =>
            select.where('id', 'in', (changed) =>
              changed
                .selectFrom('audit_entry')
                .select('operation_id')
                .where('tenant_id', '=', caller.actingIn)
                .where('resource_id', '=', resourceId!)
                .where('operation_id', 'is not', null)
                .$castTo<{ operation_id: string }>(),
            ),
          )
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute(),
      );
      const all = nodes.list();
      const shown = rows.slice(0, limit).map(operationFromRow);
      return {
        items: shown.map((operation) => showOperation(operation, operations.outcomeOf(operation), all)),
        nextCursor: rows.length > limit ? encode(shown.at(-1)!.id) : null,
      };
    },
    async getOperation({ params: { operationId: id }, query, signal, caller }) {
      const operation = await findOperation(store, tenantsOf(caller), id);
      const outcome =
        query.wait === undefined
          ? operations.outcomeOf(operation)
          : await operations.wait(operation, (query.timeout ?? WAIT.default) * 1_000, signal);
      return showOperation(operation, outcome, nodes.list());
    },

    listTargetHealth({ query, state }) {
      const candidates = where(checkedTargets(state), ({ tree, service, target }) =>
        matches(
          [query.loadBalancerId, tree.loadBalancer.id],
          [query.backendServiceId, service.id],
          [query.targetGroupId, target.targetGroupId],
        ),
      );
      const wanted = where(candidates, (checked) => {
        return query.state === undefined || showTargetHealth(checked, health).state === query.state;
      });
      return paginate(
        wanted,
        query,
        ({ service, target }) => `${ownedKey(service)}/${target.id}`,
        (checked) => showTargetHealth(checked, health),
      );
    },
  };
}

/** Those that are built in come first, in their own order. */
function placeOfPolicy({ id, builtIn }: { readonly id: string; readonly builtIn: boolean }): string {
  if (!builtIn) return id;
  return placeIn(
    BUILT_IN_POLICIES.map((policy) => ({ name: policy.id })),
    id,
  );
}

/** A key that sorts as the list does. */
function placeIn(list: readonly { readonly name: string }[], name: string): string {
  return String(list.findIndex((item) => item.name === name)).padStart(3, '0');
}

/** Objects that belong to a load balancer are in order of load balancers first. */
function ownedKey(record: { readonly id: string; readonly loadBalancerId: string }): string {
  return `${record.loadBalancerId}/${record.id}`;
}

/** Rules are in order of priority, of which each has its own. */
function placeOf({ priority }: { readonly priority: number }): string {
  return String(priority).padStart(PRIORITY_DIGITS, '0');
}

function* within<T>(
  state: State,
  loadBalancerId: string | undefined,
  part: (tree: LoadBalancerTree) => Iterable<T>,
): Generator<T> {
  for (const [id, tree] of state.loadBalancers) {
    if (loadBalancerId === undefined || id === loadBalancerId) yield* part(tree);
  }
}

function* where<T>(all: Iterable<T>, wanted: (item: T) => boolean): Generator<T> {
  for (const item of all) if (wanted(item)) yield item;
}

/** Whether each value is the wanted one, where one is wanted. */
function matches(...pairs: (readonly [wanted: string | undefined, value: string | null])[]): boolean {
  return pairs.every(([wanted, value]) => wanted === undefined || wanted === value);
}
