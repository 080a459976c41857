import type {
  ConnectionsAnswer,
  ConnectionsQuestion,
  TrafficAnswer,
  TrafficQuestion,
} from '@evenkeel/model/plan/query.ts';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';

/** What this node has counted of a listener, of the targets of a service, or of the rules of a group; as in its metrics. */
export function trafficOf(counters: EngineCounters, question: TrafficQuestion): TrafficAnswer {
  const { listenerId, serviceId, ruleGroupId } = question;
  return {
    rules: counters.rules
      .filter((one) => one.ruleGroupId === ruleGroupId)
      .map(({ ruleId, requests }) => ({ ruleId, requests })),
    listeners: counters.listeners
      .filter((one) => one.listenerId === listenerId)
      .map(({ responses, ...one }) => {
        const { connections, activeConnections, requests, activeRequests, bytesReceived, bytesSent, reasons } = one;
        const counts = { connections, activeConnections, requests, activeRequests, bytesReceived, bytesSent };
        return { ...counts, responses: responses.slice(1), reasons };
      }),
    targets: counters.targets
      .filter((one) => one.serviceId === serviceId)
      .map(({ serviceId: _, responses, ...one }) => {
        return { ...one, responses: responses.slice(1) };
      }),
  };
}

/** How many connections the listeners have that this node carries, all workers together. */
export function connectionsOf(counters: EngineCounters, { listenerIds }: ConnectionsQuestion): ConnectionsAnswer {
  const wanted = new Set(listenerIds);
  const listeners = counters.listeners.filter(({ listenerId }) => wanted.has(listenerId));
  return { listeners: listeners.map(({ listenerId, activeConnections }) => ({ listenerId, activeConnections })) };
}
