import { LOCAL_REGION, LOCAL_ZONE } from '@evenkeel/model/zones.ts';
import type { LoadBalancerRecord, NodeDutyRecord, ZoneRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { FleetNode, Placement } from './placement.ts';
import { chosenFor } from './rendezvous.ts';

/** A node and the zone that it names; empty: none. */
export interface NodePlace {
  readonly id: string;
  readonly zone: string;
}

/** What placement depends on besides the load balancer. */
export type Ground = Pick<State, 'zones' | 'duties'> & { readonly placement: Placement };

export type Placeable = Pick<LoadBalancerRecord, 'id' | 'region' | 'zones' | 'nodesPerZone'>;

/** The zone that a node counts as being in. */
export function zoneOf({ zone }: Pick<NodePlace, 'zone'>): string {
  return zone === '' ? LOCAL_ZONE.name : zone;
}

/** The region of a zone; one that nobody has created counts as being in the region that is always there. */
export function regionOf(zones: ReadonlyMap<string, ZoneRecord>, name: string): string {
  return byName(zones).get(name)?.region ?? LOCAL_REGION.name;
}

/**
 * Whether a node is to have a load balancer: it is in a zone of it, it takes it, and it is among those that are chosen
 * where the load balancer wants a number of them. Says nothing of handovers. A pure function of its arguments.
 */
export function isPlacedOn(ground: Ground, loadBalancer: Placeable, node: NodePlace): boolean {
  const zone = zoneOf(node);
  if (loadBalancer.nodesPerZone !== null) return chosenIn(ground, loadBalancer, zone).has(node.id);
  return isIn(ground, loadBalancer, zone) && takes(ground.duties.get(node.id), loadBalancer.id);
}

/** The names of those of the nodes that are to have a load balancer. */
export function nodesFor(ground: Ground, loadBalancer: Placeable, nodes: readonly NodePlace[]): Set<string> {
  const names = new Set<string>();
  if (loadBalancer.nodesPerZone === null) {
    for (const node of nodes) if (isPlacedOn(ground, loadBalancer, node)) names.add(node.id);
    return names;
  }
  for (const zone of byZone(ground.placement.fleet).keys()) {
    for (const name of chosenIn(ground, loadBalancer, zone)) names.add(name);
  }
  return names;
}

/** The same, or that it keeps the load balancer until others have taken it over. */
export function hasOrKeeps(ground: Ground, loadBalancer: Placeable, node: NodePlace): boolean {
  return isPlacedOn(ground, loadBalancer, node) || isLeaving(ground, loadBalancer, node);
}

/** Whether it keeps a load balancer that is going elsewhere. */
export function isLeaving({ placement }: Ground, { id }: Placeable, node: NodePlace): boolean {
  return placement.handovers.get(id)?.from.includes(node.id) === true;
}

/** Whether the node takes the load balancer, as far as it was cordoned or drained. */
function takes(duty: NodeDutyRecord | undefined, loadBalancerId: string): boolean {
  if (duty === undefined) return true;
  return duty.duty === 'cordoned' && keptBy(duty).has(loadBalancerId);
}

/** Whether a load balancer is in a zone. */
export function isIn({ zones }: Ground, loadBalancer: Placeable, zone: string): boolean {
  if (loadBalancer.zones.length > 0) return loadBalancer.zones.includes(zone);
  return regionOf(zones, zone) === loadBalancer.region;
}

interface Choice {
  readonly fleet: object;
  readonly duties: object;
  readonly zones: object;
  readonly byZone: Map<string, ReadonlySet<string>>;
}
const choices = new WeakMap<Placeable, Choice>();

/** The nodes of a zone that have a load balancer that wants a number of them; worked out once. */
function chosenIn(ground: Ground, loadBalancer: Placeable, zone: string): ReadonlySet<string> {
  const { zones, duties } = ground;
  const { fleet } = ground.placement;
  let known = choices.get(loadBalancer);
  if (known?.fleet !== fleet || known.duties !== duties || known.zones !== zones) {
    known = { fleet, duties, zones, byZone: new Map() };
    choices.set(loadBalancer, known);
  }
  let chosen = known.byZone.get(zone);
  if (chosen === undefined) {
    const { id, nodesPerZone } = loadBalancer;
    const here = isIn(ground, loadBalancer, zone) ? (byZone(fleet).get(zone) ?? []) : [];
    const candidates = here.filter((node) => !node.gone && takes(duties.get(node.id), id));
    const names = candidates.map((node) => node.id);
    chosen = new Set(chosenFor(id, names, nodesPerZone ?? names.length));
    known.byZone.set(zone, chosen);
  }
  return chosen;
}

const zonesByName = new WeakMap<object, ReadonlyMap<string, ZoneRecord>>();

function byName(zones: ReadonlyMap<string, ZoneRecord>): ReadonlyMap<string, ZoneRecord> {
  let known = zonesByName.get(zones);
  if (known === undefined) {
    known = new Map(Array.from(zones.values(), (zone) => [zone.name, zone]));
    zonesByName.set(zones, known);
  }
  return known;
}

const fleetsByZone = new WeakMap<object, ReadonlyMap<string, readonly FleetNode[]>>();

function byZone(fleet: Placement['fleet']): ReadonlyMap<string, readonly FleetNode[]> {
  let known = fleetsByZone.get(fleet);
  if (known === undefined) {
    known = Map.groupBy(fleet.values(), ({ zone }) => zone);
    fleetsByZone.set(fleet, known);
  }
  return known;
}

const kept = new WeakMap<NodeDutyRecord, ReadonlySet<string>>();

function keptBy(duty: NodeDutyRecord): ReadonlySet<string> {
  let known = kept.get(duty);
  if (known === undefined) {
    known = new Set(duty.keeps);
    kept.set(duty, known);
  }
  return known;
}
