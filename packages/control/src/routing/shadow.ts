import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import type { RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { RuleRecord } from '../state/records.ts';

/** A rule that can never match, and one that takes its requests. */
export interface Shadow {
  readonly winner: RuleRecord;
  readonly loser: RuleRecord;
}

/**
 * The first rule that can never match, because rules before it take all of its requests; null when there is none.
 * `rules` are in order of priority. It finds what is certain and can be found in one pass: a rule that is the same as
 * one before, and a rule each of whose hosts and paths is taken by one before that asks for nothing else. In the order
 * `priority` that may be a wider one: any host, any path, a shorter prefix; in the other orders the wider one comes
 * later, whatever its priority.
 */
export function findShadow(rules: readonly RuleRecord[], order: RuleOrder): Shadow | null {
  const same = new Map<string, RuleRecord>();
  const taken = new Map<string, RuleRecord>();
  /** Lengths of the prefixes that are taken. */
  const lengths = new Set<number>();
  for (const rule of rules) {
    const { whole, places, alone } = formOf(rule);
    const winner = same.get(whole) ?? takenBy(places, taken, order, lengths);
    if (winner !== undefined) return { winner, loser: rule };
    same.set(whole, rule);
    if (!alone) continue;
    for (const { host, path } of places) {
      const key = keyOf(host, path);
      if (!taken.has(key)) taken.set(key, rule);
      if (path.kind === 'prefix') lengths.add(path.value.length);
    }
  }
  return null;
}

interface Place {
  /** Empty: any. */
  readonly host: string;
  readonly path: { readonly kind: string; readonly value: string };
}

interface Form {
  /** The same for rules whose matches mean the same. */
  readonly whole: string;
  /** Every host with every path; none when there are too many. */
  readonly places: readonly Place[];
  /** Whether it asks for hosts and paths alone. */
  readonly alone: boolean;
}

/** Hosts times paths that are looked at one by one. */
const PLACES = 64;
const ANY_PATH = { kind: 'prefix', value: '/' };

/** Records never change, so their forms do not. */
const forms = new WeakMap<RuleRecord, Form>();

function formOf(rule: RuleRecord): Form {
  let form = forms.get(rule);
  if (form === undefined) {
    form = makeForm(rule);
    forms.set(rule, form);
  }
  return form;
}

function makeForm({ match }: RuleRecord): Form {
  const { hosts, paths, methods, headers, cookies, query, sources } = match;
  const sorted = (list: readonly unknown[]) => [...new Set(list.map((entry) => canonicalJson(entry)))].sort();
  const count = Math.max(1, hosts.length) * Math.max(1, paths.length);
  const ends =
    paths.length === 0
      ? [ANY_PATH]
      : paths.map(({ kind, value, ignoreCase }) => {
          return { kind: ignoreCase ? `${kind} in any case` : kind, value: ignoreCase ? value.toLowerCase() : value };
        });
  return {
    whole: JSON.stringify([hosts, paths, methods, headers, cookies, query, sources].map(sorted)),
    places:
      count > PLACES ? [] : (hosts.length === 0 ? [''] : hosts).flatMap((host) => ends.map((path) => ({ host, path }))),
    alone: [methods, headers, cookies, query, sources].every((list) => list.length === 0),
  };
}

function keyOf(host: string, { kind, value }: Place['path']): string {
  return `${host} ${kind} ${value}`;
}

/** A rule that takes the last of the places, when all of them are taken. */
function takenBy(
  places: readonly Place[],
  taken: ReadonlyMap<string, RuleRecord>,
  order: RuleOrder,
  lengths: ReadonlySet<number>,
): RuleRecord | undefined {
  let winner: RuleRecord | undefined;
  for (const { host, path } of places) {
    winner = taken.get(keyOf(host, path));
    if (winner === undefined && order === 'priority') winner = takenByWider(host, path, taken, lengths);
    if (winner === undefined) return undefined;
  }
  return winner;
}

function takenByWider(
  host: string,
  path: Place['path'],
  taken: ReadonlyMap<string, RuleRecord>,
  lengths: ReadonlySet<number>,
): RuleRecord | undefined {
  const begins = path.kind === 'exact' || path.kind === 'prefix';
  for (const wider of host === '' ? [''] : [host, '']) {
    const found = taken.get(keyOf(wider, path)) ?? taken.get(keyOf(wider, ANY_PATH));
    if (found !== undefined) return found;
    if (!begins) continue;
    for (const length of lengths) {
      if (length > path.value.length) continue;
      const shorter = taken.get(keyOf(wider, { kind: 'prefix', value: path.value.slice(0, length) }));
      if (shorter !== undefined) return shorter;
    }
  }
  return undefined;
}
