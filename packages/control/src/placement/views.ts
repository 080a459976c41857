import type { LoadBalancerPlacement, NodeDuty, NodePlacement } from '@evenkeel/model/resources/placement.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import { loadBalancersOf, named, type State } from '../state/state.ts';
import { drainageOf } from './drainage.ts';
import type { PresentNode } from './handover.ts';
import { hasOrKeeps, isLeaving, regionOf, zoneOf } from './place.ts';

/** Load balancers that an answer names. */
const LISTED = 1_000;

export function dutyOf({ duties }: Pick<State, 'duties'>, nodeId: string): NodeDuty {
  return duties.get(nodeId)?.duty ?? 'serving';
}

/** `state` is that of all tenants, and `nodes` are all that there are. */
export function showNodePlacement(
  state: State,
  node: NodeStatus,
  nodes: readonly PresentNode[],
  now: number,
): NodePlacement {
  const zone = zoneOf(node);
  const has = Array.from(loadBalancersOf(state)).filter((loadBalancer) => hasOrKeeps(state, loadBalancer, node));
  return {
    id: node.id,
    region: regionOf(state.zones, zone),
    zone,
    zoneKnown: named(state.zones.values(), zone) !== null,
    duty: dutyOf(state, node.id),
    drain: drainageOf(state, node, nodes, now),
    loadBalancers: has.slice(0, LISTED).map((loadBalancer) => ({
      id: loadBalancer.id,
      name: loadBalancer.name,
      tenantId: loadBalancer.tenantId,
      state: isLeaving(state, loadBalancer, node) ? 'leaving' : 'placed',
    })),
    count: has.length,
  };
}

export function showLoadBalancerPlacement(
  state: State,
  loadBalancer: LoadBalancerRecord,
  nodes: readonly NodeStatus[],
): LoadBalancerPlacement {
  const { id, region, zones, nodesPerZone } = loadBalancer;
  const ofRegion = state.zones.values().filter((zone) => zone.region === region);
  return {
    id,
    region,
    zones: zones.length > 0 ? [...zones] : Array.from(ofRegion, ({ name }) => name),
    nodesPerZone,
    nodes: nodes
      .filter((node) => hasOrKeeps(state, loadBalancer, node))
      .map((node) => ({
        node: node.id,
        zone: zoneOf(node),
        state: isLeaving(state, loadBalancer, node) ? ('leaving' as const) : ('placed' as const),
        online: node.connectedAt !== null,
      }))
      .sort((a, b) => (a.zone === b.zone ? 0 : a.zone < b.zone ? -1 : 1)),
  };
}
