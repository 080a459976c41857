import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { AccessWriteName } from '../access/writes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { PlacementReadName, PlacementWriteName } from '../placement/calls.ts';
import * as authorities from '../resources/authorities.ts';
import * as services from '../resources/backend-services.ts';
import * as certificates from '../resources/certificates.ts';
import { cloneLoadBalancer } from '../resources/clone.ts';
import * as elasticIps from '../resources/elastic-ips.ts';
import * as listeners from '../resources/listeners.ts';
import * as loadBalancers from '../resources/load-balancers.ts';
import * as securityGroups from '../resources/security-groups.ts';
import * as policies from '../resources/security-policies.ts';
import { rotateKey } from '../resources/stickiness-keys.ts';
import * as groups from '../resources/target-groups.ts';
import * as targets from '../resources/targets.ts';
import * as ruleGroups from '../routing/rule-groups.ts';
import * as rules from '../routing/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { TargetRecord } from '../state/records.ts';
import type { WebhookWriteName } from '../webhooks/calls.ts';
import type { BackupName } from './backups.ts';
import type { BlockListName } from './block-list.ts';
import type { Call } from './call.ts';
import type { ChangeSetName } from './change-sets.ts';
import { type DeletionName, deletionWrites } from './deletions.ts';
import type { DenyListName } from './deny-list.ts';
import type { ExchangeName } from './exchange.ts';
import { networkWrites } from './network-writes.ts';
import type { NodeCallName } from './nodes.ts';
import type { OperationCallName } from './operations.ts';
import type { ReadName } from './reads.ts';
import type { RevisionName } from './revisions.ts';
import type { SessionCallName } from './session-calls.ts';
import type { SpecificationWriteName } from './specifications.ts';
import { Views } from './views.ts';
import { deleted, matching, type Unstored } from './written.ts';

export type WriteName = Exclude<
  OperationName,
  | ReadName
  | AccessWriteName
  | SessionCallName
  | BackupName
  | BlockListName
  | DenyListName
  | NodeCallName
  | RevisionName
  | ChangeSetName
  | PlacementReadName
  | PlacementWriteName
  | ExchangeName
  | OperationCallName
  | DeletionName
  | 'applyConfiguration'
  | 'exportAudit'
  | 'streamEvents'
  | WebhookWriteName
  | SpecificationWriteName
>;

export type Writes = {
  readonly [K in WriteName]: (draft: Draft, call: Call<K>) => Unstored<ResponseOf<K>>;
};

/** The calls that change the configuration: each makes its change on a draft, or throws a ProblemError. */
export function createWrites(nodes: Pick<NodeRegistry, 'list' | 'since'>): Writes {
  const view = (draft: Draft) => new Views(draft, nodes, draft.context.now);
  return {
    ...networkWrites,
    ...deletionWrites,
    createLoadBalancer(draft, { body }) {
      const record = createFromDocument(draft, body);
      return { ...view(draft).loadBalancer(record), created: createdIn(draft) };
    },
    updateLoadBalancer(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, loadBalancers.getLoadBalancer(draft, params.loadBalancerId));
      return view(draft).loadBalancer(loadBalancers.updateLoadBalancer(draft, record, body));
    },
    cloneLoadBalancer(draft, { params, body }) {
      loadBalancers.getLoadBalancer(draft, params.loadBalancerId);
      const record = cloneLoadBalancer(draft, draft.loadBalancers.get(params.loadBalancerId)!, body);
      return { ...view(draft).loadBalancer(record), created: createdIn(draft) };
    },
    startLoadBalancer(draft, { params, ifMatch }) {
      const record = matching(ifMatch, loadBalancers.getLoadBalancer(draft, params.loadBalancerId));
      loadBalancers.enableListeners(draft, record, true);
      return view(draft).loadBalancer(record);
    },
    stopLoadBalancer(draft, { params, ifMatch }) {
      const record = matching(ifMatch, loadBalancers.getLoadBalancer(draft, params.loadBalancerId));
      loadBalancers.enableListeners(draft, record, false);
      return view(draft).loadBalancer(record);
    },

    createListener(draft, { body: { loadBalancerId, ...input } }) {
      const record = listeners.createListener(draft, loadBalancerId, input);
      return { ...view(draft).listener(record), created: createdIn(draft) };
    },
    updateListener(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, listeners.getListener(draft, params.listenerId));
      return view(draft).listener(listeners.updateListener(draft, record, body));
    },
    deleteListener(draft, { params, ifMatch }) {
      const record = matching(ifMatch, listeners.getListener(draft, params.listenerId));
      listeners.deleteListener(draft, record);
      return deleted(draft, record);
    },

    createBackendService(draft, { body: { loadBalancerId, ...input } }) {
      const record = services.createBackendService(draft, loadBalancerId, input);
      return { ...view(draft).service(record), created: createdIn(draft) };
    },
    updateBackendService(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, services.getBackendService(draft, params.backendServiceId));
      return view(draft).service(services.updateBackendService(draft, record, body));
    },
    deleteBackendService(draft, { params, ifMatch }) {
      const record = matching(ifMatch, services.getBackendService(draft, params.backendServiceId));
      services.deleteBackendService(draft, record);
      return deleted(draft, record);
    },

    rotateStickinessKey(draft, { params, ifMatch }) {
      const record = matching(ifMatch, services.getBackendService(draft, params.backendServiceId));
      return view(draft).service(rotateKey(draft, record));
    },

    createTargetGroup(draft, { body: { loadBalancerId, ...input } }) {
      return view(draft).group(groups.createTargetGroup(draft, loadBalancerId, input));
    },
    updateTargetGroup(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, groups.getTargetGroup(draft, params.targetGroupId));
      return view(draft).group(groups.updateTargetGroup(draft, record, body));
    },
    deleteTargetGroup(draft, { params, ifMatch }) {
      const record = matching(ifMatch, groups.getTargetGroup(draft, params.targetGroupId));
      groups.deleteTargetGroup(draft, record);
      return deleted(draft, record);
    },

    registerTargets: (draft, { params, body }) =>
      severalTargets(draft, targets.registerTargets(draft, params.targetGroupId, body.targets), view(draft)),
    updateTargets: (draft, { params, body }) =>
      severalTargets(draft, targets.updateTargets(draft, params.targetGroupId, body), view(draft)),
    deregisterTargets: (draft, { params, body }) =>
      severalTargets(draft, targets.deregisterTargets(draft, params.targetGroupId, body.targetIds), view(draft)),
    updateTarget(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, targets.getTarget(draft, params.targetGroupId, params.targetId));
      return view(draft).target(targets.updateTarget(draft, record, body));
    },
    deregisterTarget(draft, { params, ifMatch }) {
      const record = matching(ifMatch, targets.getTarget(draft, params.targetGroupId, params.targetId));
      targets.deregisterTargets(draft, params.targetGroupId, [record.id]);
      return deleted(draft, record);
    },

    createRuleGroup(draft, { body: { loadBalancerId, ...input } }) {
      return view(draft).ruleGroup(ruleGroups.createRuleGroup(draft, loadBalancerId, input));
    },
    updateRuleGroup(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, ruleGroups.getRuleGroup(draft, params.ruleGroupId));
      return view(draft).ruleGroup(ruleGroups.updateRuleGroup(draft, record, body));
    },
    deleteRuleGroup(draft, { params, ifMatch }) {
      const record = matching(ifMatch, ruleGroups.getRuleGroup(draft, params.ruleGroupId));
      ruleGroups.deleteRuleGroup(draft, record);
      return deleted(draft, record);
    },

    createRule: (draft, { params, body }) => view(draft).rule(rules.createRule(draft, params.ruleGroupId, body)),
    replaceRules(draft, { params: { ruleGroupId }, body }) {
      const kept = rules.replaceRules(draft, ruleGroupId, body.rules, '/rules', 'reset').length;
      const summary = summaryOf(draft);
      const unchanged = kept - summary.created - summary.updated;
      return { ruleGroupId, ...summary, unchanged, generation: draft.resultingGeneration };
    },
    updateRule(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, rules.getRule(draft, params.ruleGroupId, params.ruleId));
      return view(draft).rule(rules.updateRule(draft, record, body));
    },
    deleteRule(draft, { params, ifMatch }) {
      const record = matching(ifMatch, rules.getRule(draft, params.ruleGroupId, params.ruleId));
      rules.deleteRule(draft, record);
      return deleted(draft, record);
    },

    createElasticIp: (draft, { body }) => view(draft).elasticIp(elasticIps.createElasticIp(draft, body)),
    updateElasticIp(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, elasticIps.getElasticIp(draft, params.elasticIpId));
      return view(draft).elasticIp(elasticIps.updateElasticIp(draft, record, body));
    },
    deleteElasticIp(draft, { params, query, ifMatch }) {
      const record = matching(ifMatch, elasticIps.getElasticIp(draft, params.elasticIpId));
      elasticIps.deleteElasticIp(draft, record, query.disassociate === true);
      return deleted(draft, record);
    },
    associateElasticIp(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, elasticIps.getElasticIp(draft, params.elasticIpId));
      return view(draft).elasticIp(elasticIps.associateElasticIp(draft, record, body.loadBalancerId));
    },
    disassociateElasticIp(draft, { params, ifMatch }) {
      const record = matching(ifMatch, elasticIps.getElasticIp(draft, params.elasticIpId));
      return view(draft).elasticIp(elasticIps.disassociateElasticIp(draft, record));
    },

    createCertificate: (draft, { body }) => view(draft).certificate(certificates.createCertificate(draft, body)),
    updateCertificate(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, certificates.getCertificate(draft, params.certificateId));
      return view(draft).certificate(certificates.updateCertificate(draft, record, body));
    },
    deleteCertificate(draft, { params, ifMatch }) {
      const record = matching(ifMatch, certificates.getCertificate(draft, params.certificateId));
      certificates.deleteCertificate(draft, record);
      return deleted(draft, record);
    },

    createAuthority: (draft, { body }) => view(draft).authority(authorities.createAuthority(draft, body)),
    updateAuthority(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, authorities.getAuthority(draft, params.authorityId));
      return view(draft).authority(authorities.updateAuthority(draft, record, body));
    },
    deleteAuthority(draft, { params, ifMatch }) {
      const record = matching(ifMatch, authorities.getAuthority(draft, params.authorityId));
      authorities.deleteAuthority(draft, record);
      return deleted(draft, record);
    },

    createSecurityPolicy: (draft, { body }) => view(draft).securityPolicy(policies.createSecurityPolicy(draft, body)),
    updateSecurityPolicy(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, policies.getSecurityPolicy(draft, params.securityPolicyId));
      return view(draft).securityPolicy(policies.updateSecurityPolicy(draft, record, body));
    },
    deleteSecurityPolicy(draft, { params, ifMatch }) {
      const record = matching(ifMatch, policies.getSecurityPolicy(draft, params.securityPolicyId));
      policies.deleteSecurityPolicy(draft, record);
      return deleted(draft, record);
    },

    createSecurityGroup: (draft, { body }) =>
      view(draft).securityGroup(securityGroups.createSecurityGroup(draft, body)),
    updateSecurityGroup(draft, { params, body, ifMatch }) {
      const record = matching(ifMatch, securityGroups.getSecurityGroup(draft, params.securityGroupId));
      return view(draft).securityGroup(securityGroups.updateSecurityGroup(draft, record, body));
    },
    deleteSecurityGroup(draft, { params, ifMatch }) {
      const record = matching(ifMatch, securityGroups.getSecurityGroup(draft, params.securityGroupId));
      securityGroups.deleteSecurityGroup(draft, record);
      return deleted(draft, record);
    },
  };
}

function severalTargets(draft: Draft, records: readonly TargetRecord[], view: Views) {
  return { targets: records.map((record) => view.target(record)), generation: draft.resultingGeneration };
}

function summaryOf(draft: Draft) {
  const summary = { created: 0, updated: 0, deleted: 0 };
  for (const { before, after } of draft.changes) {
    summary[before === null ? 'created' : after === null ? 'deleted' : 'updated']++;
  }
  return summary;
}

function createdIn(draft: Draft) {
  return draft.changes.flatMap(({ kind, id, before, after }) =>
    before === null && after !== null && kind !== 'target' && kind !== 'rule' ? [{ kind, id, name: after.name }] : [],
  );
}
