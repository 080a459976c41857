import {
  FLOWS_LISTENERS_TOLD,
  type FlowsAnswer,
  type FlowsQuestion,
  type WatchedFlows,
} from '@evenkeel/model/plan/flows.ts';
import type { ReportedDatapath } from '@evenkeel/model/plan/stream.ts';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import type { KernelSight } from '../sight/kernel-sight.ts';

export interface FlowSources {
  /** What carries the listeners of network load balancers. */
  readonly carried: readonly ReportedDatapath[];
  /** null: the kernel carries nothing. */
  readonly sight: Pick<KernelSight, 'flows' | 'activeFlows'> | null;
  readonly counters: Pick<EngineCounters, 'listeners'>;
}

/**
 * The flows that the kernel of this node knows. Sessions and connections in the proxy are known to its workers alone, which
 * would have to stop for the answer: of those, there is the number.
 */
export async function flowsOn(sources: FlowSources, question: FlowsQuestion): Promise<FlowsAnswer> {
  const { carried, sight, counters } = sources;
  const ids = question.listenerIds === null ? null : new Set(question.listenerIds);
  const asked = carried.filter(({ listenerId }) => ids === null || ids.has(listenerId));
  const listeners = asked.slice(0, FLOWS_LISTENERS_TOLD).map(({ listenerId, datapath }): WatchedFlows => {
    const inKernel = datapath === 'kernel' ? sight?.activeFlows(listenerId) : null;
    if (inKernel != null) {
      const { flows, error, sampledOneIn } = inKernel;
      return { listenerId, datapath, activeFlows: flows, activeFlowsError: error, sampledOneIn };
    }
    const counted = counters.listeners.find((one) => one.listenerId === listenerId);
    const activeFlows = counted?.activeConnections ?? 0;
    return { listenerId, datapath: 'userspace', activeFlows, activeFlowsError: 0, sampledOneIn: 0 };
  });
  return { flows: sight === null ? [] : await sight.flows(question), listeners };
}
