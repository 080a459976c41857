import { combineHashes } from '@evenkeel/model/plan/hash.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { hasOrKeeps, type NodePlace } from '../placement/place.ts';
import { OverlaidMap } from '../state/overlaid-map.ts';
import type { State } from '../state/state.ts';
import type { CompiledPlan } from './compile.ts';
import { differing, PartedEntries, type Parts, type SharedPart, type TreePart } from './parts.ts';

/** What a node had last. */
export interface PlanBefore {
  readonly plan: CompiledPlan;
  /**
   * The plan of all load balancers that it was made of, and those that differ since; null: placement does, too, or it is
   * longer ago.
   */
  readonly since: { readonly whole: CompiledPlan; readonly changed: ReadonlySet<string> } | null;
}

/**
 * What one node has of the plan of all load balancers: the parts of those that are placed on it, and the shared entries
 * that these refer to; `whole` itself where it has all. Entries keep their hashes, and what did not change since `before`
 * is in the plan as the same object.
 */
export function planOnNode(
  whole: CompiledPlan,
  state: State,
  node: NodePlace,
  before: PlanBefore | null,
): CompiledPlan {
  const parts = partsOn(whole, state, node, before);
  if (parts.size === whole.entries.parts.size) return whole;
  const old = before?.plan.entries;
  const { version } = whole;
  if (parts === old?.parts && before?.since?.whole.entries.shared === whole.entries.shared) {
    return { ...before!.plan, version };
  }
  const shared = sharedBy(parts, whole.entries.shared, old?.shared ?? null);
  const hash = before === null ? hashOf(parts, shared) : carriedOn(before.plan, parts, shared);
  return { version, hash, entries: new PartedEntries(parts, shared) };
}

function partsOn(whole: CompiledPlan, state: State, node: NodePlace, before: PlanBefore | null): Parts {
  const all = whole.entries.parts;
  const has = (part: TreePart) => hasOrKeeps(state, part.source.loadBalancer, node);
  if (before === null || before.since === null) return new Map([...all].filter(([, part]) => has(part)));
  const { plan, since } = before;
  const known = plan.entries.parts;
  let parts: OverlaidMap<TreePart> | null = null;
  for (const id of since.changed) {
    const part = all.get(id);
    const wanted = part !== undefined && has(part) ? part : undefined;
    if (known.get(id) === wanted) continue;
    parts ??= new OverlaidMap(known);
    if (wanted === undefined) parts.delete(id);
    else parts.set(id, wanted);
  }
  return parts ?? known;
}

function sharedBy(parts: Parts, whole: SharedPart, before: SharedPart | null): SharedPart {
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

function hashOf(parts: Parts, shared: SharedPart): string {
  return combineHashes([shared.hash, ...Array.from(parts.values(), ({ hash }) => hash)]);
}

/** The same, by what differs from before. */
function carriedOn(before: CompiledPlan, parts: Parts, shared: SharedPart): string {
  const changed = [before.hash, before.entries.shared.hash, shared.hash];
  const old = before.entries.parts;
  for (const id of differing(old, parts)) {
    for (const part of [old.get(id), parts.get(id)]) if (part !== undefined) changed.push(part.hash);
  }
  return combineHashes(changed);
}
