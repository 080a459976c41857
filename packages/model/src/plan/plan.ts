import type { PlannedGroup, PlannedListener, PlannedService } from './objects.ts';
import type { PlannedRuleGroup } from './rules.ts';
import type { PlannedSecurityGroup } from './sources.ts';
import type { PlannedAuthority, PlannedCertificate, PlannedTicketKeys } from './tls.ts';

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

/** What an entry of each kind holds. */
export interface PlannedObjects {
  readonly listener: PlannedListener;
  readonly service: PlannedService;
  readonly group: PlannedGroup;
  readonly 'rule-group': PlannedRuleGroup;
  readonly certificate: PlannedCertificate;
  readonly authority: PlannedAuthority;
  readonly 'ticket-keys': PlannedTicketKeys;
  readonly 'security-group': PlannedSecurityGroup;
}
export type PlannedKind = keyof PlannedObjects;

/** `key` is `<kind>/<id>`. */
export type PlanEntry = {
  readonly [K in PlannedKind]: {
    readonly key: string;
    readonly kind: K;
    readonly hash: string;
    readonly value: PlannedObjects[K];
  };
}[PlannedKind];

/** Entries that listeners and services refer to, and that mean nothing by themselves. */
export const SHARED_KINDS = ['rule-group', 'certificate', 'authority', 'ticket-keys', 'security-group'] as const;
export type SharedKind = (typeof SHARED_KINDS)[number];
export type SharedEntry = Extract<PlanEntry, { readonly kind: SharedKind }>;

export function isShared(entry: PlanEntry): entry is SharedEntry {
  return (SHARED_KINDS as readonly string[]).includes(entry.kind);
}

/** What turns the plan `from` into the plan `version`. `hash` is the hash of the outcome. */
export interface PlanDelta {
  readonly from: number;
  readonly version: number;
  readonly hash: string;
  readonly upserts: readonly PlanEntry[];
  readonly removes: readonly string[];
}
