import { canonicalAddress } from '@evenkeel/model/address.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { RuleDocument, RuleInput } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroupDocument } from '@evenkeel/model/resources/rule-group.ts';
import type { TargetGroupDocument } from '@evenkeel/model/resources/target-group.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { createBackendService, updateBackendService } from '../resources/backend-services.ts';
import { associateElasticIp, disassociateElasticIp, getElasticIp } from '../resources/elastic-ips.ts';
import { createListener, defaultListenerName, updateListener } from '../resources/listeners.ts';
import { resolve } from '../resources/rules.ts';
import { createTargetGroup, updateTargetGroup } from '../resources/target-groups.ts';
import { targetTlsOf } from '../resources/target-tls.ts';
import { replaceTargets } from '../resources/targets.ts';
import { createRuleGroup, updateRuleGroup } from '../routing/rule-groups.ts';
import { replaceRules } from '../routing/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { AnyRecord, BackendServiceRecord, ListenerRecord, TargetGroupRecord } from '../state/records.ts';
import { groupsOf, type LoadBalancerTree, named, ruleGroupsOf } from '../state/state.ts';
import { resolveListenerReferences } from './listener-references.ts';

/** Told of every object that a document names, as it is then. */
export type Mention = (kind: ResourceKind, record: AnyRecord) => void;

/**
 * Makes one load balancer match a document: what the document says is made so, what it does not say is left alone.
 * Objects are found by name; `at` is the pointer to the document.
 */
export class Contents {
  readonly #draft: Draft;
  readonly #id: string;
  readonly #mention: Mention;
  /** What the document has defined so far: `kind/name`. */
  readonly #defined = new Set<string>();

  constructor(draft: Draft, loadBalancerId: string, mention: Mention) {
    this.#draft = draft;
    this.#id = loadBalancerId;
    this.#mention = mention;
  }

  ensure(document: Omit<LoadBalancerCreate, 'name'>, at: string): void {
    if (document.elasticIp !== undefined) this.#ensureElasticIp(document.elasticIp, `${at}/elasticIp`);
    const { targetGroups = [], backendServices = [], ruleGroups = [], listeners = [] } = document;
    for (const [i, group] of targetGroups.entries()) this.#ensureGroup(group, `${at}/targetGroups/${i}`);
    for (const [i, service] of backendServices.entries()) this.#ensureService(service, `${at}/backendServices/${i}`);
    for (const [i, group] of ruleGroups.entries()) this.#ensureRuleGroup(group, `${at}/ruleGroups/${i}`);
    for (const [i, listener] of listeners.entries()) this.#ensureListener(listener, `${at}/listeners/${i}`);
  }

  #ensureElasticIp(idOrName: string | null, at: string): void {
    const draft = this.#draft;
    const wanted = idOrName === null ? null : resolve(draft.elasticIps.values(), idOrName, at, 'elastic IP');
    const { elasticIpId } = this.#tree.loadBalancer;
    if (elasticIpId === (wanted?.id ?? null)) return;
    if (elasticIpId !== null) disassociateElasticIp(draft, getElasticIp(draft, elasticIpId));
    if (wanted !== null) associateElasticIp(draft, wanted, this.#id, at);
  }

  #ensureGroup(document: TargetGroupDocument, at: string): TargetGroupRecord {
    const draft = this.#draft;
    const { name, type, description, tags, targets } = document;
    this.#define('target group', name, at);
    const known = named(groupsOf(this.#tree), name);
    if (known) checkFixed(type, known.type, `${at}/type`);
    const group = known
      ? updateTargetGroup(
          draft,
          known,
          { ...(description !== undefined && { description }), ...(tags && { tags }) },
          at,
        )
      : createTargetGroup(
          draft,
          this.#id,
          { name, ...(type && { type }), ...(description && { description }), ...(tags && { tags }) },
          at,
        );
    this.#mention('targetGroup', group);
    if (targets !== undefined) {
      for (const target of replaceTargets(draft, group.id, targets, `${at}/targets`)) this.#mention('target', target);
    }
    return group;
  }

  #ensureService(document: BackendServiceDocument, at: string): BackendServiceRecord {
    const { targetGroup: _, targets, tls, name, protocol, port, ...settings } = document;
    this.#define('backend service', name, at);
    const known = named(this.#tree.services.values(), name);
    if (known) {
      checkFixed(protocol, known.protocol, `${at}/protocol`);
      checkFixed(port, known.port, `${at}/port`);
    }
    const targetGroupId = this.#groupFor(document, at);
    const patch = {
      ...settings,
      ...targetTlsOf(this.#draft, tls, at),
      ...(targetGroupId !== undefined && { targetGroupId }),
    };
    const service = known
      ? updateBackendService(this.#draft, known, patch, at)
      : createBackendService(this.#draft, this.#id, { name, protocol, port, ...patch }, at);
    this.#mention('backendService', service);
    return service;
  }

  #groupFor(document: BackendServiceDocument, at: string): string | null | undefined {
    const { targetGroup, targets, name } = document;
    if (targets !== undefined) {
      if (targetGroup) refuseField('validation-failed', `${at}/targets`, 'give either a target group or targets');
      return this.#ensureGroup({ name, targets }, at).id;
    }
    if (typeof targetGroup !== 'string') return targetGroup;
    return resolve(groupsOf(this.#tree), targetGroup, `${at}/targetGroup`, 'target group').id;
  }

  #ensureRuleGroup(document: RuleGroupDocument, at: string): void {
    const draft = this.#draft;
    const { rules, ...settings } = document;
    this.#define('rule group', settings.name, at);
    const known = named(ruleGroupsOf(this.#tree), settings.name);
    const group = known ? updateRuleGroup(draft, known, settings, at) : createRuleGroup(draft, this.#id, settings, at);
    this.#mention('ruleGroup', group);
    if (rules === undefined) return;
    const inputs = rules.map((rule, i) => this.#ruleOf(rule, `${at}/rules/${i}`));
    for (const rule of replaceRules(draft, group.id, inputs, `${at}/rules`, 'keep')) this.#mention('rule', rule);
  }

  /** The rule with identifiers for the names of services. */
  #ruleOf({ forward, mirror, ...rule }: RuleDocument, at: string): RuleInput {
    const services = () => this.#tree.services.values();
    const resolved = <T extends { backendService: string }>({ backendService, ...rest }: T, place: string) => {
      const { id } = resolve(services(), backendService, `${place}/backendService`, 'backend service');
      return { backendServiceId: id, ...rest };
    };
    return {
      ...rule,
      ...(forward !== undefined && { forward: forward?.map((to, i) => resolved(to, `${at}/forward/${i}`)) ?? null }),
      ...(mirror !== undefined && { mirror: mirror && resolved(mirror, `${at}/mirror`) }),
    };
  }

  #ensureListener(document: ListenerDocument, at: string): ListenerRecord {
    const { defaultCertificates, certificates, securityPolicy, clientCertificates, serverNames, ...rest } = document;
    const { backendService: _, service: __, name: ___, ruleGroup, protocol, port, lastPort, ...settings } = rest;
    const { name } = listenerName(document);
    this.#define('listener', name, at);
    const known = named(this.#tree.listeners.values(), name);
    if (known) {
      checkFixed(protocol, known.protocol, `${at}/protocol`);
      checkFixed(port, known.port, `${at}/port`);
      checkFixed(lastPort, known.lastPort, `${at}/lastPort`);
    }
    const backendServiceId = this.#serviceFor(document, name, at);
    const patch = {
      ...settings,
      ...resolveListenerReferences(this.#draft, this.#tree, document, at),
      ...(backendServiceId !== undefined && { backendServiceId }),
      ...(ruleGroup !== undefined && { ruleGroupId: this.#ruleGroupFor(ruleGroup, at) }),
    };
    const listener = known
      ? updateListener(this.#draft, known, patch, at)
      : createListener(
          this.#draft,
          this.#id,
          { name, protocol, port, ...(lastPort != null && { lastPort }), ...patch },
          at,
        );
    this.#mention('listener', listener);
    return listener;
  }

  #ruleGroupFor(idOrName: string | null, at: string): string | null {
    return idOrName && resolve(ruleGroupsOf(this.#tree), idOrName, `${at}/ruleGroup`, 'rule group').id;
  }

  #serviceFor(document: ListenerDocument, listener: string, at: string): string | null | undefined {
    const { backendService, service, protocol, port } = document;
    if (service !== undefined) {
      if (backendService)
        refuseField('validation-failed', `${at}/service`, 'give either a backend service or its name');
      const name = service.name ?? listener;
      const known = named(this.#tree.services.values(), name);
      const complete = {
        ...service,
        name,
        protocol: SERVICE_PROTOCOL[protocol],
        port: service.port ?? known?.port ?? port,
      };
      return this.#ensureService(complete, `${at}/service`).id;
    }
    if (typeof backendService !== 'string') return backendService;
    return resolve(this.#tree.services.values(), backendService, `${at}/backendService`, 'backend service').id;
  }

  /** Refuses to define an object twice: the second would silently win. */
  #define(kind: string, name: string, at: string): void {
    const key = `${kind}/${name}`;
    if (this.#defined.has(key)) refuseField('name-taken', `${at}/name`, `${kind} ${name} is in the document twice`);
    this.#defined.add(key);
  }

  get #tree(): LoadBalancerTree {
    return this.#draft.loadBalancers.get(this.#id)!;
  }
}

/** Refuses a value that differs from the one that was fixed at creation. */
export function checkFixed(wanted: unknown, actual: unknown, at: string): void {
  const same =
    wanted === undefined || wanted === actual || (typeof wanted === 'string' && canonicalAddress(wanted) === actual);
  if (!same) refuseField('immutable-field', at, `is fixed after creation; it is ${actual}`, actual);
}

export function listenerName(document: ListenerDocument): { name: string } {
  return { name: document.name ?? defaultListenerName(document) };
}
