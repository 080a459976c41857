import { CONNECT_TIMEOUT, DRAIN_TIMEOUT, READ_TIMEOUT, TARGET_SEND_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { BackendServiceCreate, BackendServicePatch } from '@evenkeel/model/resources/backend-service.ts';
import { refuseField } from '../problem.ts';
import { rulesUsing } from '../routing/rule-groups.ts';
import type { Draft } from '../state/draft.ts';
import type { BackendServiceRecord } from '../state/records.ts';
import { findService, type LoadBalancerTree } from '../state/state.ts';
import { changeBalancing, PLAIN_BALANCING } from './balancing.ts';
import { changeHealthCheck, defaultHealthCheck } from './health-check.ts';
import { getLoadBalancerTree } from './load-balancers.ts';
import { checkServiceProtocol } from './network.ts';
import { changeResilience, STANDARD_RESILIENCE } from './resilience.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo } from './rules.ts';
import { changeStickiness, defaultStickiness } from './stickiness.ts';
import { ensureKeys } from './stickiness-keys.ts';
import { checkGroupReference, createTargetGroup } from './target-groups.ts';
import { changeTargetTls, PLAIN_TARGETS } from './target-tls.ts';
import { servicesOf } from './usage.ts';

export type NewService = Omit<BackendServiceCreate, 'loadBalancerId'>;

export function getBackendService(draft: Draft, id: string): BackendServiceRecord {
  return findService(draft, id)?.service ?? notFound('backend service', id);
}

/** Creates the service, and a target group for its targets when it carries some. `at` is the pointer to `input`. */
export function createBackendService(
  draft: Draft,
  loadBalancerId: string,
  input: NewService,
  at = '',
): BackendServiceRecord {
  const tree = getLoadBalancerTree(draft, loadBalancerId, `${at}/loadBalancerId`);
  checkQuota(draft, 'backendServicesPerLoadBalancer', tree.services.size + 1);
  checkName(tree.services.values(), input.name, at);
  const id = draft.newId('backendService');
  const algorithm = input.algorithm ?? 'round-robin';
  const owner = { id, protocol: input.protocol, algorithm };
  const tls = changeTargetTls(draft, PLAIN_TARGETS, input.tls, at);
  const healthCheck = changeHealthCheck(
    defaultHealthCheck(input.protocol),
    input.healthCheck,
    tls,
    `${at}/healthCheck`,
  );
  const network = {
    forwardingMode: input.forwardingMode ?? 'nat',
    sourceNat: input.sourceNat ?? false,
    onTargetFailure: input.onTargetFailure ?? 'move',
    proxyProtocol: input.proxyProtocol ?? 'none',
    transparent: input.transparent ?? false,
  };
  checkServiceProtocol(input.protocol, tree.loadBalancer.type === 'network', { ...network, tls }, at);
  const stickiness = changeStickiness(defaultStickiness(id), input.stickiness, owner, `${at}/stickiness`);
  return draft.create('backendService', {
    id,
    name: input.name,
    loadBalancerId,
    protocol: input.protocol,
    port: input.port,
    targetGroupId: groupFor(draft, loadBalancerId, input, at),
    description: input.description ?? '',
    tags: input.tags ?? {},
    algorithm,
    ...network,
    drainTimeout: input.drainTimeout ?? DRAIN_TIMEOUT.default,
    connectTimeout: input.connectTimeout ?? CONNECT_TIMEOUT.default,
    readTimeout: input.readTimeout ?? READ_TIMEOUT.default,
    sendTimeout: input.sendTimeout ?? TARGET_SEND_TIMEOUT.default,
    ...changeBalancing(PLAIN_BALANCING, input, owner, at),
    ...changeResilience(STANDARD_RESILIENCE, input, input.protocol, at),
    stickiness,
    stickinessKeys: ensureKeys(draft, stickiness, null),
    tls,
    healthCheck,
  });
}

export function updateBackendService(
  draft: Draft,
  service: BackendServiceRecord,
  patch: BackendServicePatch,
  at = '',
): BackendServiceRecord {
  const tree = draft.loadBalancers.get(service.loadBalancerId)!;
  if (patch.name !== undefined) checkName(tree.services.values(), patch.name, at, service.id);
  if (patch.targetGroupId) checkGroupReference(tree, patch.targetGroupId, `${at}/targetGroupId`);
  const tls = changeTargetTls(draft, service.tls, patch.tls, at);
  checkServiceProtocol(service.protocol, tree.loadBalancer.type === 'network', { ...service, ...patch, tls }, at);
  const healthCheck = changeHealthCheck(service.healthCheck, patch.healthCheck, tls, `${at}/healthCheck`);
  const owner = { ...service, algorithm: patch.algorithm ?? service.algorithm };
  const stickiness = changeStickiness(service.stickiness, patch.stickiness, owner, `${at}/stickiness`);
  const stickinessKeys = ensureKeys(draft, stickiness, service.stickinessKeys);
  const balancing = changeBalancing(service, patch, owner, at);
  const resilience = changeResilience(service, patch, service.protocol, at);
  return draft.update('backendService', service, {
    ...patch,
    ...balancing,
    ...resilience,
    tls,
    healthCheck,
    stickiness,
    stickinessKeys,
  });
}

/** Refused while a listener or a rule uses it. Its target group is kept. */
export function deleteBackendService(draft: Draft, service: BackendServiceRecord): void {
  const tree = draft.loadBalancers.get(service.loadBalancerId)!;
  checkUnused(`backend service ${service.name}`, usersOfService(tree, service.id));
  draft.remove('backendService', service);
}

function usersOfService(tree: LoadBalancerTree, serviceId: string) {
  const listeners = [...tree.listeners.values()].filter((listener) => servicesOf(listener).has(serviceId));
  return [...listeners.map((listener) => refTo('listener', listener)), ...rulesUsing(tree, serviceId)];
}

function groupFor(draft: Draft, loadBalancerId: string, input: NewService, at: string): string | null {
  const { targetGroupId, targets, name } = input;
  if (targets === undefined) {
    if (!targetGroupId) return null;
    return checkGroupReference(draft.loadBalancers.get(loadBalancerId)!, targetGroupId, `${at}/targetGroupId`);
  }
  if (targetGroupId) refuseField('validation-failed', `${at}/targets`, 'give either a target group or targets');
  return createTargetGroup(draft, loadBalancerId, { name, targets }, at).id;
}
