import type { ElasticIpRecord, LoadBalancerRecord } from '../state/records.ts';
import { loadBalancersOf, type State } from '../state/state.ts';

/** Something that has an address of its own. */
export type AddressOwner =
  | { readonly kind: 'loadBalancer'; readonly address: string; readonly record: LoadBalancerRecord }
  | { readonly kind: 'elasticIp'; readonly address: string; readonly record: ElasticIpRecord };

/** What a tenant has of addresses; of a draft, as it is by now. */
export function* ownersIn(state: State): Generator<AddressOwner> {
  for (const record of loadBalancersOf(state)) yield { kind: 'loadBalancer', address: record.vip, record };
  for (const record of state.elasticIps.values()) yield { kind: 'elasticIp', address: record.address, record };
}

/** Addresses of all tenants: a node has each of them once. `own` is the state as `tenantId` sees it, or changes it. */
export function* addressesInUse(whole: State, own: State, tenantId: string): Generator<string> {
  for (const { address, record } of ownersIn(whole)) if (record.tenantId !== tenantId) yield address;
  for (const { address } of ownersIn(own)) yield address;
}
