/** What network load balancers add to plans: transports, ranges of ports, and how the kernel forwards packets. */

/** How packets reach the targets on the kernel datapath; `nat` is how all connections of a proxy do. */
export const FORWARDING_MODES = ['nat', 'l2', 'ipip', 'gue'] as const;
export type ForwardingMode = (typeof FORWARDING_MODES)[number];

/** What carries the traffic of a listener: packets in the kernel, or sockets of the node's proxy. */
export const DATAPATHS = ['kernel', 'userspace'] as const;
export type Datapath = (typeof DATAPATHS)[number];

/** What becomes of connections to a target that is found unhealthy: see `BackendService.onTargetFailure`. */
export const TARGET_FAILURE_ACTIONS = ['move', 'reset'] as const;
export type TargetFailureAction = (typeof TARGET_FAILURE_ACTIONS)[number];

interface Ports {
  readonly port: number;
  /** The last one of a range; absent: there is but one. */
  readonly lastPort?: number;
}

/** Whether the listener has connections, and whether it has datagrams. */
export function transportsOf({ protocol }: { readonly protocol: string }): { tcp: boolean; udp: boolean } {
  return { tcp: protocol !== 'udp', udp: protocol === 'udp' || protocol === 'tcp-udp' };
}

export function portCount({ port, lastPort }: Ports): number {
  return (lastPort ?? port) - port + 1;
}

/** All ports of a listener. Targets of a range hear on the port that the client asked for. */
export function portsOf(listener: Ports): number[] {
  return Array.from({ length: portCount(listener) }, (_, i) => listener.port + i);
}
