import { combineHashes } from '@evenkeel/model/plan/hash.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { hasOrKeeps, type NodePlace } from '../placement/place.ts';
import type { State } from '../state/state.ts';
import type { CompiledPlan } from './compile.ts';
import { PartedEntries, type SharedPart, type TreePart } from './parts.ts';

/**
 * What one node has of the plan of all load balancers: the parts of those that are placed on it, and the shared entries
 * that these refer to; `whole` itself where it has all. Entries keep their hashes. `before` is what this node had last: what
 * did not change since is in the plan as the same object.
 */
export function planOnNode(
  whole: CompiledPlan,
  state: State,
  node: NodePlace,
  before: CompiledPlan | null,
): CompiledPlan {
  const parts = new Map<string, TreePart>();
  for (const [id, part] of whole.entries.parts) {
    if (hasOrKeeps(state, part.source.loadBalancer, node)) parts.set(id, part);
  }
  if (parts.size === whole.entries.parts.size) return whole;
  const shared = sharedBy(parts, whole.entries.shared, before?.entries.shared ?? null);
  const hash = before === null ? hashOf(parts, shared) : carriedOn(before, parts, shared);
  return { version: whole.version, hash, entries: new PartedEntries(parts, shared) };
}

function sharedBy(parts: ReadonlyMap<string, TreePart>, whole: SharedPart, before: SharedPart | null): SharedPart {
  const entries = new Map<string, PlanEntry>();
  let same = true;
  for (const { references } of parts.values()) {
    for (const key of references.shared) {
      if (entries.has(key)) continue;
      const entry = whole.entries.get(key)!;
      entries.set(key, entry);
      same &&= before?.entries.get(key) === entry;
    }
  }
  if (same && before !== null && before.entries.size === entries.size) return before;
  return { ...whole, entries, hash: combineHashes(Array.from(entries.values(), ({ hash }) => hash)) };
}

function hashOf(parts: ReadonlyMap<string, TreePart>, shared: SharedPart): string {
  return combineHashes([shared.hash, ...Array.from(parts.values(), ({ hash }) => hash)]);
}

/** The same, by what differs from before. */
function carriedOn(before: CompiledPlan, parts: ReadonlyMap<string, TreePart>, shared: SharedPart): string {
  const changed = [before.hash, before.entries.shared.hash, shared.hash];
  for (const [id, part] of before.entries.parts) if (parts.get(id) !== part) changed.push(part.hash);
  for (const [id, part] of parts) if (before.entries.parts.get(id) !== part) changed.push(part.hash);
  return combineHashes(changed);
}
