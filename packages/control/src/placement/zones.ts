import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { RegionCreate } from '@evenkeel/model/resources/region.ts';
import type { ZoneCreate } from '@evenkeel/model/resources/zone.ts';
import { LOCAL_REGION, LOCAL_ZONE, MOST_REGIONS, MOST_ZONES } from '@evenkeel/model/zones.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { checkName, checkUnused, notFound, refTo } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord, RegionRecord, ZoneRecord } from '../state/records.ts';
import { loadBalancersOf, named, type State } from '../state/state.ts';
import type { NodePlace } from './place.ts';

export function getRegion({ regions }: Pick<State, 'regions'>, id: string): RegionRecord {
  return regions.get(id) ?? notFound('region', id);
}

export function createRegion(draft: Draft, { name, description = '', tags = {} }: RegionCreate): RegionRecord {
  checkRoom('regions', draft.regions.size, MOST_REGIONS);
  checkName(draft.regions.values(), name, '');
  return draft.create('region', { id: draft.newId('region'), name, description, tags });
}

/** Refused while a zone or a load balancer, of any tenant, is in it. */
export function deleteRegion(draft: Draft, region: RegionRecord): void {
  if (region.id === LOCAL_REGION.id) refuseBuiltIn('region');
  const zones = draft.zones.values().filter((zone) => zone.region === region.name);
  const balancers = loadBalancersOf(draft.whole).filter((record) => record.region === region.name);
  checkUnused(`region ${region.name}`, [
    ...zones.map((zone) => refTo('zone', zone)),
    ...balancers.map((record) => refTo('loadBalancer', record)),
  ]);
  draft.remove('region', region);
}

export function getZone({ zones }: Pick<State, 'zones'>, id: string): ZoneRecord {
  return zones.get(id) ?? notFound('zone', id);
}

export function createZone(draft: Draft, input: ZoneCreate): ZoneRecord {
  const { name, region = LOCAL_REGION.name, description = '', tags = {} } = input;
  checkRoom('zones', draft.zones.size, MOST_ZONES);
  checkName(draft.zones.values(), name, '');
  checkRegion(draft, region, '/region');
  return draft.create('zone', { id: draft.newId('zone'), name, region, description, tags });
}

/** Refused while a node, or a target, load balancer or subnet of any tenant, names it. */
export function deleteZone(draft: Draft, nodes: readonly NodePlace[], zone: ZoneRecord): void {
  if (zone.id === LOCAL_ZONE.id) refuseBuiltIn('zone');
  checkUnused(`zone ${zone.name}`, [...usersOfZone(draft.whole, nodes, zone.name)]);
  draft.remove('zone', zone);
}

function* usersOfZone(state: State, nodes: readonly NodePlace[], name: string): Generator<ResourceRef> {
  for (const { id, zone } of nodes) if (zone === name) yield { kind: 'node', id, name: id };
  for (const subnet of state.subnets.values()) if (subnet.zone === name) yield refTo('subnet', subnet);
  for (const { loadBalancer, groups } of state.loadBalancers.values()) {
    if (loadBalancer.zones.includes(name)) yield refTo('loadBalancer', loadBalancer);
    for (const { targets } of groups.values()) {
      for (const target of targets.values()) if (target.zone === name) yield refTo('target', target);
    }
  }
}

/** Refuses a region that there is not; `at` is the pointer to its name. */
export function checkRegion(draft: Draft, name: string, at: string): string {
  if (named(draft.regions.values(), name) !== null) return name;
  refuseField('reference-not-found', at, `there is no region ${name}`, namesOf(draft.regions));
}

/** Refuses the name of a zone that there is not; empty is none. `at` is the pointer to it. */
export function checkZone({ zones }: Pick<State, 'zones'>, name: string, at: string): string {
  if (name === '' || named(zones.values(), name) !== null) return name;
  refuseField('reference-not-found', at, `there is no zone ${name}`, namesOf(zones));
}

/** Refuses zones that are not in the region, or named twice; `at` is the pointer to the list. */
export function checkZones(
  draft: Draft,
  { region, zones }: Pick<LoadBalancerRecord, 'region' | 'zones'>,
  at: string,
): readonly string[] {
  for (const [i, name] of zones.entries()) {
    const zone = named(draft.zones.values(), checkZone(draft, name, `${at}/${i}`));
    const own = new Map([...draft.zones].filter(([, other]) => other.region === region));
    if (zone?.region !== region) {
      refuseField('validation-failed', `${at}/${i}`, `zone ${name} is not in region ${region}`, namesOf(own));
    }
    if (zones.indexOf(name) !== i) refuseField('validation-failed', `${at}/${i}`, `zone ${name} is named twice`);
  }
  return zones;
}

function namesOf(all: ReadonlyMap<string, { readonly name: string }>): string {
  const names = Array.from(all.values(), ({ name }) => name);
  const more = names.length - 10;
  return names.slice(0, 10).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function checkRoom(what: string, used: number, limit: number): void {
  if (used < limit) return;
  const quota = { name: what, limit, used };
  throw new ProblemError('quota-exceeded', `an installation has ${limit} ${what} at most`, { quota });
}

function refuseBuiltIn(what: string): never {
  throw new ProblemError('built-in', `the ${what} that an installation begins with cannot be deleted`);
}
