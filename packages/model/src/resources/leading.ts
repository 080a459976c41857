import { RESOURCE_KINDS, type ResourceKind } from './operation.ts';

const RANKS: ReadonlyMap<ResourceKind, number> = new Map(RESOURCE_KINDS.map((kind, rank) => [kind, rank]));

/**
 * What a change has touched, with that first which the rest is in: a change is known by the name of its load balancer, and
 * not by that of the first listener that went with it. Those of one kind stay in their order.
 */
export function leadingFirst<Touched extends { readonly kind: ResourceKind }>(
  resources: readonly Touched[],
): Touched[] {
  return resources.toSorted((a, b) => RANKS.get(a.kind)! - RANKS.get(b.kind)!);
}
