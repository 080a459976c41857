import { portCount, transportsOf } from '@evenkeel/model/plan/network.ts';
import type { ListenerProtocol, ServiceProtocol } from '@evenkeel/model/plan/objects.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import { refuseField } from '../problem.ts';
import type { ListenerRecord } from '../state/records.ts';
import type { LoadBalancerTree } from '../state/state.ts';

/** What listeners of network load balancers may be, and those of the others. */
const NETWORK: readonly ListenerProtocol[] = ['tcp', 'udp', 'tcp-udp'];
const OTHERS: readonly ListenerProtocol[] = ['http', 'https', 'tcp', 'tls'];

interface Ports {
  readonly protocol: ListenerProtocol;
  readonly port: number;
  readonly lastPort?: number | null | undefined;
}

/** Refuses a new listener that its load balancer cannot have, and one whose ports are taken. `at` is its pointer. */
export function checkPorts({ loadBalancer, listeners }: LoadBalancerTree, input: Ports, at: string): void {
  const isNetwork = loadBalancer.type === 'network';
  const allowed = isNetwork ? NETWORK : OTHERS;
  if (!allowed.includes(input.protocol)) {
    const reason = `load balancers of type ${loadBalancer.type} have no listeners of protocol ${input.protocol}`;
    refuseField('validation-failed', `${at}/protocol`, reason, allowed);
  }
  const { port, lastPort } = input;
  if (lastPort != null) {
    if (!isNetwork) refuseField('validation-failed', `${at}/lastPort`, 'is for network load balancers', null);
    if (lastPort <= port) {
      refuseField('validation-failed', `${at}/lastPort`, `${lastPort} is not behind the first port, ${port}`);
    }
  }
  for (const other of listeners.values()) {
    if (!overlap(input, other)) continue;
    const ports =
      portCount(rangeOf(other)) > 1 ? `${other.port} to ${other.lastPort} are ports` : `${port} is the port`;
    refuseField('port-taken', `${at}/port`, `${ports} of listener ${other.name}`);
  }
}

export function overlap(a: Ports, b: ListenerRecord): boolean {
  const [x, y] = [transportsOf(a), transportsOf(b)];
  if (!(x.tcp && y.tcp) && !(x.udp && y.udp)) return false;
  return a.port <= (b.lastPort ?? b.port) && b.port <= (a.lastPort ?? a.port);
}

/** As plans have it. */
export function rangeOf({ port, lastPort }: Ports): { readonly port: number; readonly lastPort?: number } {
  return lastPort == null ? { port } : { port, lastPort };
}

type NetworkFields = Pick<
  BackendService,
  'forwardingMode' | 'sourceNat' | 'onTargetFailure' | 'proxyProtocol' | 'transparent' | 'tls'
>;

/** Refuses what a backend service of this protocol cannot do. `at` is the pointer to it. */
export function checkServiceProtocol(
  protocol: ServiceProtocol,
  isNetwork: boolean,
  service: NetworkFields,
  at: string,
): void {
  const refuse = (field: string, reason: string, allowed: unknown): never =>
    refuseField('validation-failed', `${at}/${field}`, reason, allowed);
  const hasDatagrams = protocol === 'udp' || protocol === 'tcp-udp';
  if (hasDatagrams && !isNetwork) refuse('protocol', `${protocol} is for network load balancers`, ['http', 'tcp']);
  if (service.forwardingMode !== 'nat' && !isNetwork) refuse('forwardingMode', 'is for network load balancers', 'nat');
  if (service.onTargetFailure !== 'move' && !isNetwork) {
    refuse('onTargetFailure', 'is for network load balancers', 'move');
  }
  if (service.sourceNat) {
    if (!isNetwork) refuse('sourceNat', 'is for network load balancers', false);
    const { forwardingMode } = service;
    if (forwardingMode !== 'nat') {
      const reason = `is for forwarding mode nat: with ${forwardingMode}, targets answer clients directly`;
      refuse('sourceNat', reason, false);
    }
    if (service.transparent) {
      refuse('sourceNat', 'contradicts transparent, by which targets see the address of the client', false);
    }
  }
  if (!hasDatagrams) return;
  if (service.proxyProtocol === 'v1') refuse('proxyProtocol', 'version 1 knows no UDP', ['none', 'v2']);
  if (service.transparent)
    refuse('transparent', 'is for tcp and http: in the kernel, targets see clients anyway', false);
  if (service.tls.enabled) refuse('tls/enabled', 'datagrams are passed on as they are', false);
}
