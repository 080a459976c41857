import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { LoadBalancerVolume, VolumesAnswer } from '@evenkeel/model/plan/query.ts';
import type { ListenerVolume } from '@evenkeel/proxy/telemetry/counters.ts';

/**
 * What this node has counted of each load balancer in its plan, in both datapaths; those of which it has counted nothing
 * are left out.
 */
export function volumesOf(
  proxy: readonly ListenerVolume[],
  kernel: readonly ListenerVolume[],
  { entries }: NodePlan,
): VolumesAnswer {
  const sums = new Map<string, LoadBalancerVolume>();
  for (const { listenerId, connections, bytesReceived, bytesSent } of [...proxy, ...kernel]) {
    const entry = entries.get(`listener/${listenerId}`);
    if (entry?.kind !== 'listener' || connections + bytesReceived + bytesSent === 0) continue;
    const { loadBalancerId } = entry.value;
    const sum = sums.get(loadBalancerId);
    sums.set(loadBalancerId, {
      loadBalancerId,
      connections: connections + (sum?.connections ?? 0),
      bytesReceived: bytesReceived + (sum?.bytesReceived ?? 0),
      bytesSent: bytesSent + (sum?.bytesSent ?? 0),
    });
  }
  return { loadBalancers: [...sums.values()] };
}
