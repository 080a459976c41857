import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { TargetGroupDocument } from '@evenkeel/model/resources/target-group.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { listenerName } from '../configuration/contents.ts';
import { refuseField } from '../problem.ts';

/**
 * The document with every object in the list of its kind: a service that its listener carries, and a group that is the
 * targets of a service, stand beside the others and are named. `at` is the pointer to the document.
 */
export function plainForm(document: LoadBalancerDocument, at: string): LoadBalancerDocument {
  const services = [...(document.backendServices ?? [])];
  const listeners = document.listeners?.map((listener, i) => {
    const { service, ...rest } = listener;
    if (service === undefined) return listener;
    const place = `${at}/listeners/${i}/service`;
    if (rest.backendService) refuseField('validation-failed', place, 'give either a backend service or its name');
    const name = service.name ?? listenerName(listener).name;
    services.push({ ...service, name, protocol: SERVICE_PROTOCOL[rest.protocol], port: service.port ?? rest.port });
    return { ...rest, backendService: name };
  });
  const groups: TargetGroupDocument[] = [...(document.targetGroups ?? [])];
  const backendServices = services.map((service): BackendServiceDocument => {
    const { targets, ...rest } = service;
    if (targets === undefined) return service;
    const place = `${at}/backendServices`;
    if (rest.targetGroup) refuseField('validation-failed', place, `give ${rest.name} either a target group or targets`);
    groups.push({ name: rest.name, targets });
    return { ...rest, targetGroup: rest.name };
  });
  return { ...document, targetGroups: groups, backendServices, ...(listeners && { listeners }) };
}
