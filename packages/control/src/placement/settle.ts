import type { LoadBalancerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { type Ground, type NodePlace, nodesFor, zoneOf } from './place.ts';
import type { FleetNode, Handover, Placement } from './placement.ts';

/** A node as it is now. */
export interface PresentNode extends NodePlace {
  /** It has been away for so long that others take its place. */
  readonly gone: boolean;
  readonly appliedGeneration: number;
  /** Listeners that it cannot run. */
  readonly refuses: (listenerId: string) => boolean;
}

/**
 * The placement of the state `next`, which comes after `base`: with the nodes that there are, where a load balancer wants
 * a number of them, and with a handover for each load balancer that goes from one node to another. `generation` is that of
 * the change. The placement of `next` itself when there is nothing to change.
 */
export function settled(base: State, next: State, nodes: readonly PresentNode[], generation: number): Placement {
  const before = next.placement;
  const fleet = fleetFor(next, nodes);
  const ground: Ground = { zones: next.zones, duties: next.duties, placement: { ...before, fleet } };
  const everything = fleet !== base.placement.fleet || next.duties !== base.duties || next.zones !== base.zones;
  const handovers = new Map<string, Handover>();
  for (const [id, handover] of before.handovers) {
    const loadBalancer = next.loadBalancers.get(id)?.loadBalancer;
    const going = loadBalancer && continued(handover, ground, loadBalancer, nodes);
    if (going) handovers.set(id, going);
  }
  if (everything || next.loadBalancers !== base.loadBalancers) {
    for (const { loadBalancer } of next.loadBalancers.values()) {
      const old = base.loadBalancers.get(loadBalancer.id)?.loadBalancer;
      if (old === undefined || !(everything || differ(old, loadBalancer))) continue;
      const going = begun(base, old, ground, loadBalancer, nodes, handovers.get(old.id), generation);
      if (going !== null) handovers.set(old.id, going);
      else handovers.delete(old.id);
    }
  }
  if (fleet === before.fleet && sameHandovers(handovers, before.handovers)) return before;
  return { fleet, handovers, generation };
}

/** The placement without the handovers that are over: those that the load balancer went to have acknowledged it. */
export function withoutFinished(state: State, nodes: readonly PresentNode[], generation: number): Placement {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const { placement } = state;
  const open = [...placement.handovers].filter(([id, { to, generation: wanted }]) => {
    const listeners = [...(state.loadBalancers.get(id)?.listeners.keys() ?? [])];
    return to.some((name) => {
      const node = known.get(name);
      return (
        node === undefined || node.appliedGeneration < wanted || listeners.some((listener) => node.refuses(listener))
      );
    });
  });
  return open.length === placement.handovers.size ? placement : { ...placement, handovers: new Map(open), generation };
}

const wanting = new WeakMap<State['loadBalancers'], boolean>();

/** Whether a load balancer is to be on a number of nodes; worked out once for each state. */
export function wantsNumbers({ loadBalancers }: State): boolean {
  let known = wanting.get(loadBalancers);
  if (known === undefined) {
    known = loadBalancers.values().some(({ loadBalancer }) => loadBalancer.nodesPerZone !== null);
    wanting.set(loadBalancers, known);
  }
  return known;
}

/** All nodes, where a load balancer wants a number of them; the same object while they are the same. */
function fleetFor(state: State, nodes: readonly PresentNode[]): Placement['fleet'] {
  const { fleet } = state.placement;
  if (!wantsNumbers(state)) return fleet.size === 0 ? fleet : new Map();
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
  if (from.length === 0 || to.length === 0) return null;
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
  // Who begins with nobody leaving has nothing to wait for, and what is open goes on as it is.
  if (leaving.length === 0 && (open === undefined || arriving.length === 0)) return open ?? null;
  const from = [...new Set([...(open?.from ?? []), ...leaving])];
  const to = [...new Set([...(open?.to ?? []), ...arriving])];
  return from.length === 0 || to.length === 0 ? null : { from, to, generation };
}

function differ(a: LoadBalancerRecord, b: LoadBalancerRecord): boolean {
  if (a === b) return false;
  return a.region !== b.region || a.nodesPerZone !== b.nodesPerZone || a.zones.join() !== b.zones.join();
}

function sameHandovers(a: Placement['handovers'], b: Placement['handovers']): boolean {
  return a.size === b.size && [...a].every(([id, handover]) => b.get(id) === handover);
}
