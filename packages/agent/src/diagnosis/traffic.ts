import type {
  ConnectionsAnswer,
  ConnectionsQuestion,
  TrafficAnswer,
  TrafficQuestion,
} from '@evenkeel/model/plan/query.ts';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import { bothDatapaths, countedInKernel } from '../sight/both-datapaths.ts';
import type { KernelCounts } from '../sight/kernel-sight.ts';

/** What this node has counted of a listener, of the targets of a service, or of the rules of a group; as in its metrics. */
export function trafficOf(
  proxy: EngineCounters,
  kernel: KernelCounts | null,
  question: TrafficQuestion,
): TrafficAnswer {
  const { listenerId, serviceId, ruleGroupId } = question;
  const counters = bothDatapaths(proxy, kernel);
  const inKernel = kernel?.listeners.find((one) => one.listenerId === listenerId);
  const targetsInKernel = new Map(
    kernel?.targets.filter((one) => one.serviceId === serviceId).map((one) => [one.targetId, one]),
  );
  return {
    rules: counters.rules
      .filter((one) => one.ruleGroupId === ruleGroupId)
      .map(({ ruleId, requests }) => ({ ruleId, requests })),
    listeners: counters.listeners
      .filter((one) => one.listenerId === listenerId)
      .map(({ responses, ...one }) => {
        const { connections, activeConnections, requests, activeRequests, bytesReceived, bytesSent } = one;
        const { reasons, refused, desync } = one;
        const counts = { connections, activeConnections, requests, activeRequests, bytesReceived, bytesSent };
        const beside = inKernel === undefined ? {} : { kernel: countedInKernel(inKernel) };
        return { ...counts, responses: responses.slice(1), reasons, refused, desync, ...beside };
      }),
    targets: counters.targets
      .filter((one) => one.serviceId === serviceId)
      .map(({ serviceId: _, responses, ...one }) => {
        const counts = targetsInKernel.get(one.targetId);
        return { ...one, responses: responses.slice(1), ...(counts && { kernel: countedInKernel(counts) }) };
      }),
  };
}

/** How many connections the listeners have that this node carries, all workers together. */
export function connectionsOf(counters: EngineCounters, { listenerIds }: ConnectionsQuestion): ConnectionsAnswer {
  const wanted = new Set(listenerIds);
  const listeners = counters.listeners.filter(({ listenerId }) => wanted.has(listenerId));
  return { listeners: listeners.map(({ listenerId, activeConnections }) => ({ listenerId, activeConnections })) };
}
