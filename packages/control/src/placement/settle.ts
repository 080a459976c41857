import { OverlaidMap } from '../state/overlaid-map.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import { awaitedBy, keepersOf, type PresentNode } from './handover.ts';
import { type Ground, nodesFor, zoneOf } from './place.ts';
import type { FleetNode, Handover, Placement } from './placement.ts';

/**
 * The placement of the state `next`, which comes after `base`: with the nodes that there are, where a load balancer wants
 * a number of them, and with a handover for each load balancer that goes from one node to another. `generation` is that of
 * the change. The placement of `next` itself when there is nothing to change.
 */
export function settled(base: State, next: State, nodes: readonly PresentNode[], generation: number): Placement {
  const before = next.placement;
  const fleet = fleetFor(base, next, nodes);
  const ground: Ground = { zones: next.zones, duties: next.duties, placement: { ...before, fleet } };
  const everything = fleet !== base.placement.fleet || next.duties !== base.duties || next.zones !== base.zones;
  const handovers = new Map<string, Handover>();
  for (const [id, handover] of before.handovers) {
    const loadBalancer = next.loadBalancers.get(id)?.loadBalancer;
    const going = loadBalancer && continued(handover, ground, loadBalancer, nodes);
    if (going) handovers.set(id, going);
  }
  if (everything || next.loadBalancers !== base.loadBalancers) {
    const suspects = everything ? null : OverlaidMap.suspects(base.loadBalancers, next.loadBalancers);
    for (const id of suspects ?? next.loadBalancers.keys()) {
      const { loadBalancer } = next.loadBalancers.get(id)!;
      const old = base.loadBalancers.get(id)?.loadBalancer;
      if (old === undefined || !(everything || differ(old, loadBalancer))) continue;
      const going = begun(base, old, ground, loadBalancer, nodes, handovers.get(old.id), generation);
      if (going !== null) handovers.set(old.id, going);
      else handovers.delete(old.id);
    }
  }
  for (const [id, handover] of handovers) {
    const going = withReason(handover, ground, next.loadBalancers.get(id)!.loadBalancer, nodes);
    if (going === null) handovers.delete(id);
    else if (going !== handover) handovers.set(id, going);
  }
  if (fleet === before.fleet && sameHandovers(handovers, before.handovers)) return before;
  return { fleet, handovers, generation };
}

/** The placement without the nodes that need not keep a load balancer any more: who is to have it runs it. */
export function withoutFinished(state: State, nodes: readonly PresentNode[], generation: number): Placement {
  const { placement } = state;
  const open = new Map<string, Handover>();
  for (const [id, handover] of placement.handovers) {
    const tree = state.loadBalancers.get(id);
    if (tree === undefined) continue;
    const from = handover.from.filter((name) => awaitedBy(name, handover, tree, state, nodes).length > 0);
    if (from.length > 0) open.set(id, from.length === handover.from.length ? handover : { ...handover, from });
  }
  return sameHandovers(open, placement.handovers) ? placement : { ...placement, handovers: open, generation };
}

const wanting = new WeakMap<State['loadBalancers'], boolean>();

/** Whether a load balancer is to be on a number of nodes; worked out once for each state. */
export function wantsNumbers({ loadBalancers }: State): boolean {
  let known = wanting.get(loadBalancers);
  if (known === undefined) {
    known = false;
    for (const tree of loadBalancers.values()) {
      known = wantsNumber(tree);
      if (known) break;
    }
    wanting.set(loadBalancers, known);
  }
  return known;
}

function wantsNumber({ loadBalancer }: LoadBalancerTree): boolean {
  return loadBalancer.nodesPerZone !== null;
}

/** The same of the state that comes after `base`: looked at is the settled map of `base`, not what lies over it. */
function comesToWantNumbers(base: State, next: State): boolean {
  const suspects = OverlaidMap.suspects(base.loadBalancers, next.loadBalancers);
  if (suspects === null || wantsNumbers(base)) return wantsNumbers(next);
  for (const id of suspects) if (wantsNumber(next.loadBalancers.get(id)!)) return true;
  return false;
}

/** All nodes, where a load balancer wants a number of them; the same object while they are the same. */
function fleetFor(base: State, next: State, nodes: readonly PresentNode[]): Placement['fleet'] {
  const { fleet } = next.placement;
  if (!comesToWantNumbers(base, next)) return fleet.size === 0 ? fleet : new Map();
  const wanted = nodes.map((node): FleetNode => ({ id: node.id, zone: zoneOf(node), gone: node.gone }));
  const same = ({ id, zone, gone }: FleetNode) => fleet.get(id)?.zone === zone && fleet.get(id)?.gone === gone;
  return wanted.length === fleet.size && wanted.every(same) ? fleet : new Map(wanted.map((node) => [node.id, node]));
}

/** What has become of a handover: nodes may be forgotten, and a load balancer may come back to one that it was leaving. */
function continued(
  handover: Handover,
  ground: Ground,
  loadBalancer: LoadBalancerRecord,
  nodes: readonly PresentNode[],
): Handover | null {
  const has = nodesFor(ground, loadBalancer, nodes);
  const from = handover.from.filter((name) => !has.has(name) && nodes.some(({ id }) => id === name));
  const to = handover.to.filter((name) => has.has(name));
  if (from.length === 0) return null;
  return from.length === handover.from.length && to.length === handover.to.length
    ? handover
    : { ...handover, from, to };
}

function begun(
  base: State,
  old: LoadBalancerRecord,
  ground: Ground,
  loadBalancer: LoadBalancerRecord,
  nodes: readonly PresentNode[],
  open: Handover | undefined,
  generation: number,
): Handover | null {
  const had = nodesFor(base, old, nodes);
  const has = nodesFor(ground, loadBalancer, nodes);
  const leaving = [...had].filter((name) => !has.has(name) && nodes.some(({ id }) => id === name));
  const arriving = [...has].filter((name) => !had.has(name));
  // With nobody leaving there is nothing to wait for, and what is open goes on as it is.
  if (leaving.length === 0 && (open === undefined || arriving.length === 0)) return open ?? null;
  const from = [...new Set([...(open?.from ?? []), ...leaving])];
  const to = [...new Set([...(open?.to ?? []), ...arriving])];
  return { from, to, generation };
}

/**
 * The handover without nodes that have nobody to wait for: with none that it goes to, only those that are drained wait, for
 * others of their zone. Null: no node is left.
 */
function withReason(
  handover: Handover,
  ground: Ground,
  loadBalancer: LoadBalancerRecord,
  nodes: readonly PresentNode[],
): Handover | null {
  if (handover.to.length > 0) return handover;
  const from = handover.from.filter((name) => keepersOf(name, ground, loadBalancer, nodes).length > 0);
  if (from.length === 0) return null;
  return from.length === handover.from.length ? handover : { ...handover, from };
}

function differ(a: LoadBalancerRecord, b: LoadBalancerRecord): boolean {
  if (a === b) return false;
  return a.region !== b.region || a.nodesPerZone !== b.nodesPerZone || a.zones.join() !== b.zones.join();
}

function sameHandovers(a: Placement['handovers'], b: Placement['handovers']): boolean {
  return a.size === b.size && [...a].every(([id, handover]) => b.get(id) === handover);
}
