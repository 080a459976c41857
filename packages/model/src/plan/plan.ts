import type { PlannedGroup, PlannedListener, PlannedService } from './objects.ts';

/**
 * What one node has to run: a flat set of immutable entries. An object that did not change has the same hash in two
 * plans, and whoever applies a plan touches only entries whose hash changed.
 */
export interface NodePlan {
  /** The revision of the state that the plan was compiled from. */
  readonly version: number;
  /** Combined hash of all entries (see `combineHashes`); independent of their order. */
  readonly hash: string;
  readonly entries: ReadonlyMap<string, PlanEntry>;
}

/** `key` is `listener/<id>`, `service/<id>` or `group/<id>`. */
export type PlanEntry =
  | { readonly key: string; readonly kind: 'listener'; readonly hash: string; readonly value: PlannedListener }
  | { readonly key: string; readonly kind: 'service'; readonly hash: string; readonly value: PlannedService }
  | { readonly key: string; readonly kind: 'group'; readonly hash: string; readonly value: PlannedGroup };

/** What turns the plan `from` into the plan `version`. `hash` is the hash of the outcome. */
export interface PlanDelta {
  readonly from: number;
  readonly version: number;
  readonly hash: string;
  readonly upserts: readonly PlanEntry[];
  readonly removes: readonly string[];
}
