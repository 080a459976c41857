import type { InlineService } from '@evenkeel/model/resources/backend-service.ts';
import type { ListenerCreate, ListenerPatch, ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { checkRuleGroupReference } from '../routing/rule-groups.ts';
import type { Draft } from '../state/draft.ts';
import type { BackendServiceRecord, ListenerRecord } from '../state/records.ts';
import { findListener, groupsOf, type LoadBalancerTree } from '../state/state.ts';
import { createBackendService } from './backend-services.ts';
import { changedListenerSettings, newListenerSettings } from './listener-settings.ts';
import { changedListenerTls, newListenerTls } from './listener-tls.ts';
import { getLoadBalancerTree } from './load-balancers.ts';
import { checkPorts } from './network.ts';
import { checkName, checkQuota, notFound, resolve } from './rules.ts';
import { checkSourceLimits } from './source-limits.ts';
import { targetTlsOf } from './target-tls.ts';

export type NewListener = Omit<ListenerCreate, 'loadBalancerId'>;

export function getListener(draft: Draft, id: string): ListenerRecord {
  return findListener(draft, id)?.listener ?? notFound('listener', id);
}

/** Creates the listener, and the backend service that it carries. `at` is the pointer to `input`. */
export function createListener(draft: Draft, loadBalancerId: string, input: NewListener, at = ''): ListenerRecord {
  const tree = getLoadBalancerTree(draft, loadBalancerId, `${at}/loadBalancerId`);
  const { protocol, port } = input;
  const name = input.name ?? defaultListenerName(input);
  checkQuota(draft, 'listenersPerLoadBalancer', tree.listeners.size + 1);
  checkName(tree.listeners.values(), name, at);
  checkPorts(tree, input, at);
  checkSourceLimits(tree.loadBalancer.type, protocol, input.limits ?? {}, {}, at);
  return draft.create('listener', {
    id: draft.newId('listener'),
    name,
    loadBalancerId,
    protocol,
    port,
    lastPort: input.lastPort ?? null,
    backendServiceId: serviceFor(draft, loadBalancerId, input, name, at),
    ruleGroupId: input.ruleGroupId
      ? checkRuleGroupReference(
          draft.loadBalancers.get(loadBalancerId)!,
          { name, protocol, port },
          input.ruleGroupId,
          `${at}/ruleGroupId`,
        )
      : null,
    ...newListenerSettings(input, protocol, at),
    ...newListenerTls(draft, draft.loadBalancers.get(loadBalancerId)!, protocol, input, at),
  });
}

export function updateListener(draft: Draft, listener: ListenerRecord, patch: ListenerPatch, at = ''): ListenerRecord {
  const tree = draft.loadBalancers.get(listener.loadBalancerId)!;
  if (patch.name !== undefined) checkName(tree.listeners.values(), patch.name, at, listener.id);
  if (patch.backendServiceId)
    checkServiceReference(tree, listener.protocol, patch.backendServiceId, `${at}/backendServiceId`);
  checkSourceLimits(tree.loadBalancer.type, listener.protocol, patch.limits ?? {}, listener.limits, at);
  if (patch.ruleGroupId) checkRuleGroupReference(tree, listener, patch.ruleGroupId, `${at}/ruleGroupId`);
  return draft.update('listener', listener, {
    ...changedListenerSettings(listener, patch, at),
    ...changedListenerTls(draft, tree, listener, patch, at),
  });
}

export function deleteListener(draft: Draft, listener: ListenerRecord): void {
  draft.remove('listener', listener);
}

interface Identity {
  readonly protocol: ListenerProtocol;
  readonly port: number;
  readonly lastPort?: number | null;
}

export function defaultListenerName({ protocol, port, lastPort }: Identity): string {
  return lastPort == null ? `${protocol}-${port}` : `${protocol}-${port}-${lastPort}`;
}

/** Creates the backend service that a listener carries: its protocol, and by default its name and port. */
export function createInlineService(
  draft: Draft,
  loadBalancerId: string,
  listener: { readonly name: string; readonly protocol: ListenerProtocol; readonly port: number },
  input: InlineService,
  at: string,
): BackendServiceRecord {
  const { targetGroup, tls, name = listener.name, port = listener.port, ...rest } = input;
  const tree = draft.loadBalancers.get(loadBalancerId)!;
  const group = targetGroup ? resolve(groupsOf(tree), targetGroup, `${at}/targetGroup`, 'target group') : null;
  const protocol = SERVICE_PROTOCOL[listener.protocol];
  const service = { ...rest, ...targetTlsOf(draft, tls, at), name, port, protocol, targetGroupId: group?.id ?? null };
  return createBackendService(draft, loadBalancerId, service, at);
}

function serviceFor(draft: Draft, loadBalancerId: string, input: NewListener, name: string, at: string): string | null {
  const { backendServiceId, service, protocol, port } = input;
  if (service === undefined) {
    if (!backendServiceId) return null;
    const tree = draft.loadBalancers.get(loadBalancerId)!;
    return checkServiceReference(tree, protocol, backendServiceId, `${at}/backendServiceId`);
  }
  if (backendServiceId)
    refuseField('validation-failed', `${at}/service`, 'give either a backend service or one to create');
  return createInlineService(draft, loadBalancerId, { name, protocol, port }, service, `${at}/service`).id;
}

/** The service must belong to the same load balancer and speak the same protocol. */
function checkServiceReference(tree: LoadBalancerTree, protocol: ListenerProtocol, id: string, at: string): string {
  const service = tree.services.get(id);
  if (service === undefined) {
    refuseField('reference-not-found', at, `there is no backend service ${id} in this load balancer`);
  }
  const wanted = SERVICE_PROTOCOL[protocol];
  if (service.protocol !== wanted) {
    const reason = `backend service ${service.name} speaks ${service.protocol}, the listener ${protocol}`;
    refuseField('protocol-mismatch', at, reason, wanted);
  }
  return id;
}
