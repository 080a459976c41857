import { IMPACT } from '@evenkeel/model/limits.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { EFFECTS, type Effect } from '@evenkeel/model/resources/impact.ts';
import type { CompiledPlan } from '../plan/compile.ts';
import type { TreePart } from '../plan/parts.ts';
import { targetsLeaving } from './leaving.ts';
import { referencesIn } from './references.ts';

/** A listener that nodes would run in another way, or not any more. */
export interface Touched {
  readonly id: string;
  readonly name: string;
  readonly loadBalancer: string;
  readonly effect: Effect;
  /** In words; the first of them. */
  readonly reasons: readonly string[];
}

type ListenerEntry = Extract<PlanEntry, { kind: 'listener' }>;
type Part = Pick<TreePart, 'entries'> | undefined;

/**
 * The listeners that two plans differ in, those first whose clients notice most. A listener whose entry, and all that it
 * leads to, has the same hashes in both is touched by nothing: nodes do not so much as look at it.
 */
export function touchedListeners(before: CompiledPlan, after: CompiledPlan): Touched[] {
  const sameShared = before.entries.shared === after.entries.shared;
  const touched: Touched[] = [];
  const ids = new Set([...before.entries.parts.keys(), ...after.entries.parts.keys()]);
  for (const id of ids) {
    const old = before.entries.parts.get(id);
    const now = after.entries.parts.get(id);
    if (sameShared && old !== undefined && old.hash === now?.hash) continue;
    const view = (part: Part, plan: CompiledPlan) => new View(part, plan);
    touched.push(...touchedWithin(view(old, before), view(now, after)));
  }
  const place = ({ effect }: Touched) => EFFECTS.indexOf(effect);
  return touched.sort((a, b) => place(b) - place(a));
}

/** The entries that one load balancer can lead to, by the identifiers of their objects. */
class View {
  readonly listeners = new Map<string, ListenerEntry>();
  readonly #part: Part;
  readonly #plan: CompiledPlan;

  constructor(part: Part, plan: CompiledPlan) {
    this.#part = part;
    this.#plan = plan;
    for (const entry of part?.entries.values() ?? [])
      if (entry.kind === 'listener') this.listeners.set(entry.value.id, entry);
  }

  get(key: string): PlanEntry | undefined {
    return this.#part?.entries.get(key) ?? this.#plan.entries.shared.entries.get(key);
  }

  /** What the entry leads to, over however many steps; without itself. */
  reach(entry: PlanEntry | undefined): Map<string, PlanEntry> {
    const reached = new Map<string, PlanEntry>();
    const visit = (from: PlanEntry) => {
      for (const key of referencesIn(from)) {
        const next = this.get(key);
        if (next === undefined || next.kind === 'listener' || reached.has(key)) continue;
        reached.set(key, next);
        visit(next);
      }
    };
    if (entry !== undefined) visit(entry);
    return reached;
  }
}

function* touchedWithin(before: View, after: View): Generator<Touched> {
  for (const [id, old] of before.listeners) {
    const now = after.listeners.get(id);
    if (now === undefined) yield { ...namesOf(old), effect: 'ended', reasons: ['it is deleted or disabled'] };
    else yield* touchedListener(old, now, before, after);
  }
  for (const [id, now] of after.listeners) {
    if (!before.listeners.has(id)) yield { ...namesOf(now), effect: 'created', reasons: ['it is created or enabled'] };
  }
}

function* touchedListener(old: ListenerEntry, now: ListenerEntry, before: View, after: View): Generator<Touched> {
  const reasons: string[] = [];
  let effect: Effect = 'new-connections';
  if (old.hash !== now.hash) reasons.push('its settings change');
  const reachedBefore = before.reach(old);
  const reachedAfter = after.reach(now);
  const leaving = targetsLeaving(reachedBefore, reachedAfter);
  if (leaving > 0) {
    effect = 'draining';
    reasons.push(leaving === 1 ? '1 target leaves' : `${leaving} targets leave`);
  }
  for (const [key, entry] of reachedAfter) {
    const known = reachedBefore.get(key);
    if (known === undefined) reasons.push(`${inWords(entry)} is new to it`);
    else if (known.hash !== entry.hash) reasons.push(`${inWords(entry)} changes`);
  }
  for (const [key, entry] of reachedBefore) if (!reachedAfter.has(key)) reasons.push(`${inWords(entry)} is gone`);
  if (reasons.length > 0) yield { ...namesOf(now), effect, reasons: reasons.slice(0, IMPACT.reasons) };
}

function namesOf({ value }: ListenerEntry): Pick<Touched, 'id' | 'name' | 'loadBalancer'> {
  return { id: value.id, name: value.name, loadBalancer: value.loadBalancerName };
}

const WORDS: Partial<Record<PlanEntry['kind'], string>> = {
  service: 'backend service',
  group: 'target group',
  'rule-group': 'rule group',
  'security-group': 'security group',
};

function inWords({ kind, value }: PlanEntry): string {
  const name = 'name' in value ? value.name : 'id' in value ? value.id : '';
  return `${WORDS[kind] ?? kind} ${name}`;
}
