import type { DropCounts } from '@evenkeel/flow/datapath/flow-sight.ts';
import type { CountedInKernel } from '@evenkeel/model/plan/flows.ts';
import { REFUSALS, type RefusalName } from '@evenkeel/model/plan/sources.ts';
import type { EngineCounters, ListenerCounters, TargetCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import type { CountsInKernel, KernelCounts } from './kernel-sight.ts';

const NO_LISTENER: Omit<ListenerCounters, 'listenerId'> = {
  connections: 0,
  activeConnections: 0,
  requests: 0,
  activeRequests: 0,
  responses: [0, 0, 0, 0, 0, 0],
  bytesReceived: 0,
  bytesSent: 0,
  datagrams: { received: 0, sent: 0, lost: 0 },
  reasons: {},
  desync: {},
  refused: {},
  limits: {},
  duration: { bounds: [], counts: [0], sum: 0 },
};

const NO_TARGET: Omit<TargetCounters, 'serviceId' | 'targetId' | 'address' | 'port'> = {
  draining: false,
  connections: 0,
  activeConnections: 0,
  idleConnections: 0,
  requests: 0,
  activeRequests: 0,
  connectErrors: 0,
  responses: [0, 0, 0, 0, 0, 0],
  bytesSent: 0,
  bytesReceived: 0,
  replays: 0,
  retries: 0,
  failures: 0,
};

/**
 * The counters of the proxy with those of the kernel added under the same names, so that a listener reads the same whatever
 * carries it: its flows are connections, those that are alive are open ones, and its packets are datagrams where it takes
 * no others.
 */
export function bothDatapaths(proxy: EngineCounters, kernel: KernelCounts | null): EngineCounters {
  if (kernel === null) return proxy;
  const listeners = new Map(proxy.listeners.map((counters) => [counters.listenerId, counters]));
  for (const { listenerId, traffic, drops, active, isUdp } of kernel.listeners) {
    const before = listeners.get(listenerId) ?? { listenerId, ...NO_LISTENER };
    const { received, sent, lost } = before.datagrams;
    listeners.set(listenerId, {
      ...before,
      connections: before.connections + Number(traffic.flows),
      activeConnections: before.activeConnections + active.flows,
      bytesReceived: before.bytesReceived + Number(traffic.bytes),
      bytesSent: before.bytesSent + Number(traffic.answerBytes),
      refused: refusedByBoth(before.refused, drops),
      datagrams: !isUdp
        ? before.datagrams
        : {
            received: received + Number(traffic.packets),
            sent: sent + Number(traffic.answers),
            lost: lost + Number(traffic.drops),
          },
    });
  }
  const nameOf = (serviceId: string, targetId: string) => `${serviceId} ${targetId}`;
  const targets = new Map(proxy.targets.map((one) => [nameOf(one.serviceId, one.targetId), one]));
  for (const { serviceId, targetId, address, port, traffic, active } of kernel.targets) {
    const name = nameOf(serviceId, targetId);
    const before = targets.get(name) ?? { serviceId, targetId, address, port: port ?? 0, ...NO_TARGET };
    targets.set(name, {
      ...before,
      connections: before.connections + Number(traffic.flows),
      activeConnections: before.activeConnections + active.flows,
      bytesSent: before.bytesSent + Number(traffic.bytes),
      bytesReceived: before.bytesReceived + Number(traffic.answerBytes),
    });
  }
  return { ...proxy, listeners: [...listeners.values()], targets: [...targets.values()] };
}

/** What goes up beside these. */
export function countedInKernel({ traffic, drops, active }: CountsInKernel): CountedInKernel {
  return {
    packets: Number(traffic.packets),
    answers: Number(traffic.answers),
    dropped: Object.fromEntries(Object.entries(drops).map(([reason, count]) => [reason, Number(count)])),
    activeError: active.error,
  };
}

/** By what the proxy calls it, what the kernel does. */
const REFUSED_IN_KERNEL: Readonly<Record<RefusalName, string>> = {
  'security-group': 'security_group',
  'allowed-sources': 'allowed_sources',
  'block-list': 'blocked',
  // Counts for the node alone there.
  'deny-list': 'denied',
};

function refusedByBoth(proxy: Readonly<Record<string, number>>, drops: DropCounts): Record<string, number> {
  const sum: Record<string, number> = { ...proxy };
  for (const reason of REFUSALS) {
    const count = Number(drops[REFUSED_IN_KERNEL[reason] as keyof DropCounts] ?? 0n);
    if (count > 0) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
