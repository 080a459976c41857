import { networkRange, overlap as networksOverlap } from '@evenkeel/model/address-range.ts';
import type { ResourceKind, ResourceRef } from '@evenkeel/model/resources/operation.ts';
import { ProblemError } from '../problem.ts';
import { overlap } from '../resources/network.ts';
import { refTo } from '../resources/rules.ts';
import { isWhereItsSubnetIs } from '../resources/subnet-zones.ts';
import type { Draft } from '../state/draft.ts';
import { objectsOf } from '../state/objects.ts';
import type { AnyRecord } from '../state/records.ts';
import type { Since } from '../store/since.ts';

/** Identifiers in the text of a record. They are unique over all kinds, so whoever has one refers to that object. */
const IDENTIFIER = /"([a-z]{2,3}-[0-9a-z]{18})"/g;

/**
 * Refuses to take back what something later depends on: an object that was changed again, an object that was changed
 * later and refers to one of these, or one that would come back and refers to what is gone by now. `draft` is still as
 * the configuration is.
 */
export function checkNothingDepends(draft: Draft, { images, later }: Since): void {
  const present = new Map(Array.from(new Set(later.values()), (kind) => [kind, objectsOf(draft, kind)]));
  const gone = new Set<string>();
  for (const [id, kind] of later) {
    const record = present.get(kind)!.get(id);
    const image = images.get(id);
    if (image !== undefined) {
      const about = record ?? image.record;
      const name = about?.name ?? id;
      refuse(`${name} was changed again since`, [about === null ? { kind, id, name } : refTo(kind, about)]);
    }
    if (record === undefined) gone.add(id);
    else if (mentions(record, (other) => images.has(other))) {
      refuse(`${record.name}, which was changed since, refers to what would change`, [refTo(kind, record)]);
    }
  }
  for (const { kind, record } of images.values()) {
    if (record === null || !mentions(record, (other) => gone.has(other))) continue;
    refuse(`${record.name} refers to what was deleted since`, [refTo(kind, record)]);
  }
}

/** What no two objects of a kind share, as texts; within what they belong to. */
const UNIQUE: Partial<Readonly<Record<ResourceKind, readonly (readonly string[])[]>>> = {
  loadBalancer: [['name'], ['vip']],
  elasticIp: [['name'], ['address']],
  certificate: [['name']],
  authority: [['name']],
  securityPolicy: [['name']],
  securityGroup: [['name']],
  vpc: [['name']],
  subnet: [['name']],
  listener: [['loadBalancerId', 'name']],
  backendService: [['loadBalancerId', 'name']],
  targetGroup: [['loadBalancerId', 'name']],
  target: [['targetGroupId', 'address', 'port']],
  ruleGroup: [['loadBalancerId', 'name']],
  rule: [
    ['ruleGroupId', 'name'],
    ['ruleGroupId', 'priority'],
  ],
};

/** Refuses when an object that came back has a name or place that another one has taken since. */
export function checkPlaces(draft: Draft, { images, later }: Since): void {
  for (const [kind, own] of Map.groupBy(images, ([, image]) => image.kind)) {
    const back = new Set(own.flatMap(([id, { record }]) => (record === null ? [] : [id])));
    if (back.size === 0) continue;
    if (kind === 'listener') checkPorts(draft, back);
    if (kind === 'subnet') checkNetworks(draft, back);
    if (kind === 'loadBalancer') checkZones(draft, back, later);
    for (const fields of UNIQUE[kind] ?? []) {
      const taken = new Map<string, AnyRecord>();
      for (const record of objectsOf(draft, kind).values()) {
        const place = JSON.stringify(fields.map((field) => record[field as keyof AnyRecord]));
        const other = taken.get(place);
        taken.set(place, record);
        if (other === undefined || !(back.has(record.id) || back.has(other.id))) continue;
        const [mine, theirs] = back.has(record.id) ? [record, other] : [other, record];
        refuse(`the ${fields.at(-1)} of ${mine.name} is taken by now`, [refTo(kind, theirs)]);
      }
    }
  }
}

function checkPorts(draft: Draft, back: ReadonlySet<string>): void {
  for (const { listeners } of draft.loadBalancers.values()) {
    for (const id of back) {
      const mine = listeners.get(id);
      if (mine === undefined) continue;
      for (const other of listeners.values()) {
        if (other.id === id || !overlap(mine, other)) continue;
        refuse(`the port of ${mine.name} is taken by now`, [refTo('listener', other)]);
      }
    }
  }
}

function checkNetworks({ subnets }: Draft, back: ReadonlySet<string>): void {
  for (const id of back) {
    const mine = subnets.get(id);
    if (mine === undefined) continue;
    for (const other of subnets.values()) {
      if (other.id === id || other.vpcId !== mine.vpcId) continue;
      if (!networksOverlap(networkRange(mine.cidr)!, networkRange(other.cidr)!)) continue;
      refuse(`the network of ${mine.name} is taken by now`, [refTo('subnet', other)]);
    }
  }
}

/** Refuses a load balancer that would not be where its subnet is, but one that was elsewhere before as well. */
function checkZones(draft: Draft, back: ReadonlySet<string>, later: Since['later']): void {
  for (const id of back) {
    const record = draft.loadBalancers.get(id)?.loadBalancer;
    // With the subnet as it was then, the load balancer is where it was.
    if (record === undefined || !later.has(record.subnetId) || isWhereItsSubnetIs(draft, record)) continue;
    const present = draft.base.loadBalancers.get(id)?.loadBalancer;
    if (present !== undefined && !isWhereItsSubnetIs(draft.base, present)) continue;
    refuse(`${record.name} would not be in the zone of its subnet alone`, [refTo('loadBalancer', record)]);
  }
}

function mentions(record: AnyRecord, wanted: (id: string) => boolean): boolean {
  for (const [, id] of JSON.stringify(record).matchAll(IDENTIFIER)) if (id !== record.id && wanted(id!)) return true;
  return false;
}

function refuse(reason: string, usedBy: readonly ResourceRef[]): never {
  throw new ProblemError('cancel-impossible', `it cannot be taken back: ${reason}`, { usedBy });
}
