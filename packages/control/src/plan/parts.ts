import { diffPlans, EMPTY_PLAN } from '@evenkeel/model/plan/delta.ts';
import type { PlanDelta, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { OverlaidMap } from '../state/overlaid-map.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import type { CompiledPlan } from './compile.ts';
import type { References } from './references.ts';

/** Entries that are compiled and compared together. */
export interface PlanPart {
  readonly entries: ReadonlyMap<string, PlanEntry>;
  /** Combined hash of the entries. */
  readonly hash: string;
}

/** The entries of one load balancer, and what they were made of. */
export interface TreePart extends PlanPart {
  readonly source: LoadBalancerTree;
  readonly references: References;
}

/** The entries that belong to no load balancer, and by key the records that they were made of. */
export interface SharedPart extends PlanPart {
  readonly sources: ReadonlyMap<string, object>;
  /** Where the records came from. */
  readonly from: SharedRecords;
}

export type SharedRecords = Pick<State, 'certificates' | 'authorities' | 'ticketKeys' | 'securityGroups'>;

/** By load balancer. */
export type Parts = ReadonlyMap<string, TreePart>;

/** The entries of a plan as one map, without copying those of the load balancers that did not change. */
export class PartedEntries implements ReadonlyMap<string, PlanEntry> {
  readonly parts: Parts;
  readonly shared: SharedPart;

  constructor(parts: Parts, shared: SharedPart) {
    this.parts = parts;
    this.shared = shared;
  }

  get size(): number {
    let size = this.shared.entries.size;
    for (const { entries } of this.parts.values()) size += entries.size;
    return size;
  }

  get(key: string): PlanEntry | undefined {
    const shared = this.shared.entries.get(key);
    if (shared !== undefined) return shared;
    for (const { entries } of this.parts.values()) {
      const entry = entries.get(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  forEach(visit: (value: PlanEntry, key: string, map: ReadonlyMap<string, PlanEntry>) => void): void {
    for (const [key, entry] of this) visit(entry, key, this);
  }

  *entries(): MapIterator<[string, PlanEntry]> {
    yield* this.shared.entries;
    for (const { entries } of this.parts.values()) yield* entries;
  }

  *keys(): MapIterator<string> {
    for (const [key] of this) yield key;
  }

  *values(): MapIterator<PlanEntry> {
    for (const [, entry] of this) yield entry;
  }

  [Symbol.iterator](): MapIterator<[string, PlanEntry]> {
    return this.entries();
  }
}

/** The same as `diffPlans`, looking only at parts that differ. Objects never move from one part to another. */
export function diffParts(before: CompiledPlan, after: CompiledPlan): PlanDelta {
  const upserts: PlanEntry[] = [];
  const removes: string[] = [];
  const collect = (old: PlanPart | undefined, next: PlanPart | undefined) => {
    const delta = diffPlans(
      { ...EMPTY_PLAN, entries: old?.entries ?? NONE },
      { ...EMPTY_PLAN, entries: next?.entries ?? NONE },
    );
    upserts.push(...delta.upserts);
    removes.push(...delta.removes);
  };
  if (before.entries.shared !== after.entries.shared) collect(before.entries.shared, after.entries.shared);
  const { parts: old } = before.entries;
  const { parts: next } = after.entries;
  for (const id of differing(old, next)) collect(old.get(id), next.get(id));
  return { from: before.version, version: after.version, hash: after.hash, upserts, removes };
}

/** The load balancers that have other parts in the one than in the other. Costs what differs, from one change to the next. */
export function differing(one: Parts, other: Parts): string[] {
  const ids = OverlaidMap.suspects(one, other) ?? new Set([...other.keys(), ...one.keys()]);
  return [...ids].filter((id) => one.get(id) !== other.get(id));
}

const NONE: ReadonlyMap<string, PlanEntry> = new Map();
