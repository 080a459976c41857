import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { checkRegion, checkZone, checkZones } from '../placement/zones.ts';
import { refuseField } from '../problem.ts';
import { checkSpecification } from '../resources/specifications.ts';
import { checkAllowed } from '../resources/vpcs.ts';
import type { Draft } from '../state/draft.ts';
import { ACCESS_KINDS, objectsOf } from '../state/objects.ts';
import type { AnyRecord, BackendServiceRecord, RecordOf, Stamped } from '../state/records.ts';
import { loadBalancersOf } from '../state/state.ts';
import type { Image } from '../store/journal.ts';
import { MAPPINGS } from '../store/rows.ts';
import { checkQuotasOfNew } from './quotas.ts';

/** Kinds of what can be brought back, in the order in which objects refer to each other: each after those it names. */
export const ORDER: readonly ResourceKind[] = (Object.keys(MAPPINGS) as ResourceKind[]).filter(
  (kind) => !ACCESS_KINDS.has(kind),
);

/**
 * Makes the objects of the draft what they are in `images`, under their identifiers; others stay untouched, and so does
 * what is the same already. Throws a ProblemError when that cannot be: an address is somebody else's by now, a quota
 * is lower, what would be deleted is protected.
 */
export function putBack(draft: Draft, images: ReadonlyMap<string, Image>): void {
  checkAddresses(draft, images);
  checkNetworks(draft, images);
  checkProtection(draft, images);
  checkSpecifications(draft, images);
  placeImages(draft, images);
  checkPlaces(draft, images);
  checkQuotasOfNew(draft);
}

/** The same for a draft that is only looked at. */
export function placeImages(draft: Draft, images: ReadonlyMap<string, Image>): void {
  const byKind = Map.groupBy(images, ([, { kind }]) => kind);
  for (const kind of ORDER.toReversed()) {
    const wanted = byKind.get(kind) ?? [];
    if (wanted.length === 0) continue;
    const present = objectsOf(draft, kind);
    for (const [id, { record }] of wanted) {
      const known = present.get(id);
      if (record === null && known !== undefined) draft.remove(kind, known as never);
    }
  }
  for (const kind of ORDER) {
    const wanted = byKind.get(kind) ?? [];
    if (wanted.length === 0) continue;
    const present = objectsOf(draft, kind);
    for (const [id, { record }] of wanted) {
      if (record === null) continue;
      const known = present.get(id);
      if (known === undefined) draft.create(kind, created(kind, record) as never);
      else draft.update(kind, known as never, withPresentKeys(kind, known, unstamped(record)) as never);
    }
  }
  joinElasticIps(draft);
  draft.putPartsInOrder();
}

/** Rows do not say whom an elastic IP belongs to. */
function created(kind: ResourceKind, record: AnyRecord): object {
  return kind === 'elasticIp' ? { loadBalancerId: null, ...unstamped(record) } : unstamped(record);
}

/** A key that was changed stays so: who knew the old one could go on with it. */
function withPresentKeys(kind: ResourceKind, known: AnyRecord, record: object): object {
  if (kind !== 'backendService') return record;
  const { stickinessKeys } = known as BackendServiceRecord;
  return stickinessKeys === null ? record : { ...record, stickinessKeys };
}

/** An elastic IP belongs to the load balancer that has it; the row of the load balancer alone says so. */
function joinElasticIps(draft: Draft): void {
  const owners = new Map<string, string>();
  for (const { id, elasticIpId } of loadBalancersOf(draft)) if (elasticIpId !== null) owners.set(elasticIpId, id);
  for (const record of [...draft.elasticIps.values()]) {
    draft.update('elasticIp', record, { loadBalancerId: owners.get(record.id) ?? null });
  }
}

/** Refuses what another tenant has taken since: an address belongs to one load balancer or elastic IP. */
function checkAddresses(draft: Draft, images: ReadonlyMap<string, Image>): void {
  const taken = new Set<string>();
  for (const { tenantId, vip } of loadBalancersOf(draft.whole)) if (tenantId !== draft.tenantId) taken.add(vip);
  for (const { tenantId, address } of draft.whole.elasticIps.values()) {
    if (tenantId !== draft.tenantId) taken.add(address);
  }
  const check = (address: string, field: string) => {
    if (taken.has(address)) refuseField('address-taken', field, `${address} is in use by another tenant`);
  };
  for (const { kind, record } of images.values()) {
    if (record === null) continue;
    if (kind === 'loadBalancer') check((record as RecordOf['loadBalancer']).vip, `/loadBalancers/${record.name}/vip`);
    if (kind === 'elasticIp') check((record as RecordOf['elasticIp']).address, `/elasticIps/${record.name}/address`);
  }
}

/** Refuses networks that the installation does not allow any more, but those that a VPC has kept. */
function checkNetworks(draft: Draft, images: ReadonlyMap<string, Image>): void {
  for (const [id, { kind, record }] of images) {
    if (record === null || kind !== 'vpc') continue;
    const { name, cidrs } = record as RecordOf['vpc'];
    const present = draft.vpcs.get(id)?.cidrs;
    for (const [i, cidr] of cidrs.entries()) checkAllowed(draft, cidr, `/vpcs/${name}/cidrs/${i}`, present);
  }
}

/** Refuses what was in a zone that is gone by now. */
function checkPlaces(draft: Draft, images: ReadonlyMap<string, Image>): void {
  for (const { kind, record } of images.values()) {
    if (record === null) continue;
    if (kind === 'loadBalancer') {
      const { name, region } = record as RecordOf['loadBalancer'];
      checkRegion(draft, region, `/loadBalancers/${name}/region`);
      checkZones(draft, record as RecordOf['loadBalancer'], `/loadBalancers/${name}/zones`);
    }
    if (kind === 'target') checkZone(draft, (record as RecordOf['target']).zone, `/targets/${record.name}/zone`);
  }
}

/** Refuses a load balancer whose specification is gone: those are of all tenants, and are not brought back. */
function checkSpecifications(draft: Draft, images: ReadonlyMap<string, Image>): void {
  for (const { kind, record } of images.values()) {
    if (record === null || kind !== 'loadBalancer') continue;
    const { name, specification } = record as RecordOf['loadBalancer'];
    checkSpecification(draft, specification, `/loadBalancers/${name}/specification`);
  }
}

/** Refuses to delete what is protected from it. */
function checkProtection(draft: Draft, images: ReadonlyMap<string, Image>): void {
  for (const { id, name, deletionProtection } of loadBalancersOf(draft)) {
    if (!deletionProtection || images.get(id)?.record !== null) continue;
    const reason = `${name} was not there then, and deletion protection is on`;
    refuseField('deletion-protected', `/loadBalancers/${name}/deletionProtection`, reason);
  }
}

function unstamped(record: AnyRecord): Omit<AnyRecord, Stamped> {
  const { generation: _, createdAt: __, updatedAt: ___, ...rest } = record;
  return rest;
}
