import { LOCAL_REGION } from '@evenkeel/model/zones.ts';
import { checkRegion, checkZones } from '../placement/zones.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord, SubnetRecord, ZoneRecord } from '../state/records.ts';
import { loadBalancersOf, named, type State } from '../state/state.ts';
import { refTo } from './rules.ts';

/** Where a load balancer is said to be. */
export interface WantedPlace {
  readonly region?: string | undefined;
  readonly zones?: readonly string[] | undefined;
}

type ZonalSubnet = Pick<SubnetRecord, 'name' | 'zone'>;

/**
 * Where a load balancer with a VIP of the subnet is: in the zone of the subnet alone, if it has one. Throws when it is
 * said to be elsewhere. `at` is the pointer to what says so.
 */
export function placeIn(
  draft: Draft,
  subnet: ZonalSubnet,
  { region, zones = [] }: WantedPlace,
  at: string,
): Pick<LoadBalancerRecord, 'region' | 'zones'> {
  const zone = zoneOf(draft, subnet);
  const own = checkRegion(draft, region ?? zone?.region ?? LOCAL_REGION.name, `${at}/region`);
  if (zone !== null && own !== zone.region) {
    refuseField('validation-failed', `${at}/region`, isInZone(subnet, zone), zone.region);
  }
  const named = checkZones(draft, { region: own, zones: [...zones] }, `${at}/zones`);
  if (zone === null) return { region: own, zones: [...named] };
  const other = named.findIndex((name) => name !== zone.name);
  if (other !== -1) refuseField('validation-failed', `${at}/zones/${other}`, isInZone(subnet, zone), zone.name);
  return { region: own, zones: [zone.name] };
}

/** Refuses a zone for a subnet while load balancers that have their VIPs of it are elsewhere. `at` is the pointer to it. */
export function checkZoneOfUsers(draft: Draft, subnet: SubnetRecord, at: string): void {
  if (zoneOf(draft, subnet) === null) return;
  const elsewhere = [...loadBalancersOf(draft)].filter(({ subnetId, zones }) => {
    return subnetId === subnet.id && (zones.length !== 1 || zones[0] !== subnet.zone);
  });
  const [first] = elsewhere;
  if (first === undefined) return;
  const reason = `load balancer ${first.name} is not in zone ${subnet.zone} alone`;
  throw new ProblemError('resource-in-use', `${at}: ${reason}`, {
    errors: [{ field: at, reason }],
    usedBy: elsewhere.map((record) => refTo('loadBalancer', record)),
  });
}

/** Whether a load balancer is where its subnet says. */
export function isWhereItsSubnetIs(
  state: Pick<State, 'subnets' | 'zones'>,
  { subnetId, zones }: LoadBalancerRecord,
): boolean {
  const subnet = state.subnets.get(subnetId);
  const zone = subnet === undefined ? null : zoneOf(state, subnet);
  return zone === null || (zones.length === 1 && zones[0] === zone.name);
}

/** null: it has none, or one from before zones were checked that nobody has created. */
function zoneOf({ zones }: Pick<State, 'zones'>, { zone }: ZonalSubnet): ZoneRecord | null {
  return zone === '' ? null : named(zones.values(), zone);
}

function isInZone({ name }: ZonalSubnet, zone: ZoneRecord): string {
  return `the VIP is of subnet ${name}, which is in zone ${zone.name} of region ${zone.region} alone`;
}
