import type { ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { BackendServiceRecord, ListenerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { refTo } from './rules.ts';

/** By identifier: who uses the certificate, authority, security policy, security group or access policy. */
export type Usage = ReadonlyMap<string, readonly ResourceRef[]>;

/** Looks through everything: for a list, not for each of its items. */
export function usageOf(state: State): Usage {
  const usage = new Map<string, ResourceRef[]>();
  const note = (ids: Iterable<string>, user: ResourceRef) => {
    for (const id of ids) {
      const users = usage.get(id);
      if (users === undefined) usage.set(id, [user]);
      else users.push(user);
    }
  };
  for (const { loadBalancer, listeners, services } of state.loadBalancers.values()) {
    note(loadBalancer.securityGroupIds, refTo('loadBalancer', loadBalancer));
    for (const listener of listeners.values()) note(sharedBy(listener), refTo('listener', listener));
    for (const service of services.values()) note(authorityOf(service), refTo('backendService', service));
  }
  for (const user of state.users.values()) note(user.accessPolicyIds, refTo('user', user));
  return usage;
}

export function usersOf(state: State, id: string): readonly ResourceRef[] {
  return usageOf(state).get(id) ?? [];
}

/** Whether TLS ends at listeners of this protocol. */
export function endsTls(protocol: ListenerProtocol): protocol is 'https' | 'tls' {
  return protocol === 'https' || protocol === 'tls';
}

/** The certificates that a listener shows. */
export function certificatesOf(listener: Pick<ListenerRecord, 'defaultCertificateIds' | 'certificates'>): Set<string> {
  return new Set([
    ...listener.defaultCertificateIds,
    ...listener.certificates.map(({ certificateId }) => certificateId),
  ]);
}

/** The services that a listener forwards to by itself: without its rules. */
export function servicesOf({ backendServiceId, serverNames }: ListenerRecord): Set<string> {
  const ids = new Set(serverNames.map((entry) => entry.backendServiceId));
  if (backendServiceId !== null) ids.add(backendServiceId);
  return ids;
}

/** Everything that a listener refers to outside of its load balancer: nothing, unless TLS ends there. */
function sharedBy(listener: ListenerRecord): Set<string> {
  if (!endsTls(listener.protocol)) return new Set();
  const ids = certificatesOf(listener).add(listener.securityPolicyId);
  if (listener.clientCertificates.authorityId !== null) ids.add(listener.clientCertificates.authorityId);
  return ids;
}

function authorityOf({ tls }: BackendServiceRecord): string[] {
  return tls.authorityId === null ? [] : [tls.authorityId];
}
