import { combineHashes, hashEntry } from './hash.ts';
import { LayeredMap } from './layered-map.ts';
import type { NodePlan, PlanDelta, PlanEntry } from './plan.ts';

/** The plan of a node that has none. */
export const EMPTY_PLAN: NodePlan = { version: 0, hash: '', entries: new Map() };

/** The plan of these entries; the inverse of a snapshot. */
export function planOf(version: number, entries: Iterable<PlanEntry>): NodePlan {
  const byKey = new Map<string, PlanEntry>();
  for (const entry of entries) byKey.set(entry.key, entry);
  return { version, hash: combineHashes(hashesOf(byKey.values())), entries: byKey };
}

/**
 * What turns `before` into `after`. Entries with equal hashes are the same. Between plans that deltas have made of one
 * another it costs little, however large they are.
 */
export function diffPlans(before: NodePlan, after: NodePlan): PlanDelta {
  const upserts: PlanEntry[] = [];
  const removes: string[] = [];
  const suspects = LayeredMap.suspects(before.entries, after.entries);
  for (const key of new Set(suspects)) {
    const [old, now] = [before.entries.get(key), after.entries.get(key)];
    if (now === undefined) {
      if (old !== undefined) removes.push(key);
    } else if (old?.hash !== now.hash) upserts.push(now);
  }
  if (suspects === null) compareAll(before, after, upserts, removes);
  return { from: before.version, version: after.version, hash: after.hash, upserts, removes };
}

function compareAll(before: NodePlan, after: NodePlan, upserts: PlanEntry[], removes: string[]): void {
  for (const entry of after.entries.values()) {
    if (before.entries.get(entry.key)?.hash !== entry.hash) upserts.push(entry);
  }
  for (const key of before.entries.keys()) if (!after.entries.has(key)) removes.push(key);
}

/**
 * The plan after the delta, with every entry that it does not name as the same object. Null when the delta does not
 * belong to this plan: it starts from another version, removes what is not there, or the outcome has another hash.
 */
export function applyDelta(plan: NodePlan, delta: PlanDelta): NodePlan | null {
  if (delta.from !== plan.version) return null;
  const entries = LayeredMap.fork(plan.entries);
  const changed = [plan.hash];
  for (const key of delta.removes) {
    const old = entries.get(key);
    if (old === undefined) return null;
    changed.push(old.hash);
    entries.delete(key);
  }
  for (const entry of delta.upserts) {
    const old = entries.get(entry.key);
    if (old !== undefined) changed.push(old.hash);
    changed.push(entry.hash);
    entries.set(entry.key, entry);
  }
  if (combineHashes(changed) !== delta.hash) return null;
  return { version: delta.version, hash: delta.hash, entries };
}

/** Whether every hash in the plan is that of its value: for a plan that comes from a disk. */
export function isIntact(plan: NodePlan): boolean {
  for (const [key, entry] of plan.entries) {
    if (key !== entry.key || entry.hash !== hashEntry(key, entry.value)) return false;
  }
  return combineHashes(hashesOf(plan.entries.values())) === plan.hash;
}

function* hashesOf(entries: Iterable<PlanEntry>): Generator<string> {
  for (const entry of entries) yield entry.hash;
}
