import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import type { RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { PathMatch } from '@evenkeel/model/resources/rule-match.ts';
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
  const taken = new Map<string, TakenPaths>();
  for (const rule of rules) {
    const { whole, places, alone } = formOf(rule);
    const winner = same.get(whole) ?? takenBy(places, taken, order);
    if (winner !== undefined) return { winner, loser: rule };
    same.set(whole, rule);
    if (!alone) continue;
    for (const { host, path } of places) {
      let paths = taken.get(host);
      if (paths === undefined) taken.set(host, (paths = { rules: new Map(), lengths: new Set() }));
      if (!paths.rules.has(path.key)) paths.rules.set(path.key, rule);
      if (path.kind === 'prefix') paths.lengths.add(path.value.length);
    }
  }
  return null;
}

/** Whether no order of the two leaves both something. */
export function asksForTheSame(one: RuleRecord, other: RuleRecord): boolean {
  return formOf(one).whole === formOf(other).whole;
}

/** The paths of one host that are taken, by their keys, and the lengths of the prefixes among them. */
interface TakenPaths {
  readonly rules: Map<string, RuleRecord>;
  readonly lengths: Set<number>;
}

interface Place {
  /** Empty: any. */
  readonly host: string;
  readonly path: Path;
}

interface Path {
  readonly kind: 'any' | PathMatch['kind'];
  readonly value: string;
  readonly key: string;
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
const ANY_PATH: Path = { kind: 'any', value: '', key: 'any' };
/** Every path begins so. */
const ROOT = 'prefix /';

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
  const ends = paths.length === 0 ? [ANY_PATH] : paths.map(pathOf);
  return {
    whole: JSON.stringify([hosts, paths, methods, headers, cookies, query, sources].map(sorted)),
    places:
      count > PLACES ? [] : (hosts.length === 0 ? [''] : hosts).flatMap((host) => ends.map((path) => ({ host, path }))),
    alone: [methods, headers, cookies, query, sources].every((list) => list.length === 0),
  };
}

/** A path in any case is taken by the very same alone. */
function pathOf({ kind, value, ignoreCase }: PathMatch): Path {
  if (ignoreCase) return { kind: 'regex', value, key: `${kind} in any case ${value.toLowerCase()}` };
  return { kind, value, key: `${kind} ${value}` };
}

/** A rule that takes the last of the places, when all of them are taken. */
function takenBy(
  places: readonly Place[],
  taken: ReadonlyMap<string, TakenPaths>,
  order: RuleOrder,
): RuleRecord | undefined {
  let winner: RuleRecord | undefined;
  for (const { host, path } of places) {
    winner =
      order === 'priority'
        ? (widerPath(taken.get(host), path) ?? widerPath(taken.get(''), path))
        : taken.get(host)?.rules.get(path.key);
    if (winner === undefined) return undefined;
  }
  return winner;
}

/** A rule for the same path, any path, or how it begins. */
function widerPath(paths: TakenPaths | undefined, { kind, value, key }: Path): RuleRecord | undefined {
  if (paths === undefined) return undefined;
  const { rules, lengths } = paths;
  const found = rules.get(key) ?? rules.get(ANY_PATH.key) ?? rules.get(ROOT);
  if (found !== undefined || kind === 'regex' || kind === 'any') return found;
  for (const length of lengths) {
    const shorter = length <= value.length && rules.get(`prefix ${value.slice(0, length)}`);
    if (shorter) return shorter;
  }
  return undefined;
}
