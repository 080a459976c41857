import { RULE } from '@evenkeel/model/limits.ts';
import { checkPattern } from '@evenkeel/model/regex/check.ts';
import type { PathMatch, RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { NotCarried } from './findings.ts';

/** What one test of a request says: something that rules match, or whether the client came by TLS. */
export type Test =
  | { readonly kind: 'match'; readonly match: RuleMatchPatch }
  | { readonly kind: 'tls'; readonly wanted: boolean }
  | { readonly kind: 'never' };

/** Alternatives, each of tests that must all hold; one without tests always holds, and no alternative never does. */
export type Condition = readonly (readonly Test[])[];

export const ALWAYS: Condition = [[]];

/** Rules that one condition may become at most. */
const ALTERNATIVES = 64;

/** Both hold. */
export function and(a: Condition, b: Condition): Condition {
  if (a.length * b.length > ALTERNATIVES) throw new NotCarried(`would take more than ${ALTERNATIVES} rules`);
  return a.flatMap((left) => b.map((right) => [...left, ...right]));
}

/** One of them holds. */
export function or(a: Condition, b: Condition): Condition {
  if (a.length + b.length > ALTERNATIVES) throw new NotCarried(`would take more than ${ALTERNATIVES} rules`);
  return [...a, ...b];
}

/** The matches, one for each rule that is needed, on a listener with TLS or without it; none when it never holds there. */
export function matchesOf(condition: Condition, tls: boolean): RuleMatchPatch[] {
  const matches = condition.flatMap((tests) => {
    if (tests.some((test) => test.kind === 'never' || (test.kind === 'tls' && test.wanted !== tls))) return [];
    return tests.reduce<RuleMatchPatch[]>(
      (soFar, test) =>
        test.kind === 'match'
          ? soFar.map((match) => joined(match, test.match)).filter((match) => match !== null)
          : soFar,
      [{}],
    );
  });
  return merged(matches);
}

export const match = (match: RuleMatchPatch): Test => ({ kind: 'match', match });

export function hostPattern(pattern: string): string {
  return `~${checked(pattern)}`;
}

export function pathMatch(kind: PathMatch['kind'], value: string, ignoreCase: boolean): RuleMatchPatch {
  if (kind !== 'regex' && !value.startsWith('/')) throw new NotCarried(`asks for a path that does not begin with /`);
  return { paths: [{ kind, value: kind === 'regex' ? checked(value) : value, ...(ignoreCase ? { ignoreCase } : {}) }] };
}

/** The pattern, if rules can use it. */
export function checked(pattern: string): string {
  const fault = checkPattern(pattern);
  if (fault !== '') throw new NotCarried(`has a regular expression that ${fault}`);
  return pattern;
}

/** Text as a regular expression that finds just it. */
export function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** What fits both; null when nothing does. */
function joined(a: RuleMatchPatch, b: RuleMatchPatch): RuleMatchPatch | null {
  const result: RuleMatchPatch = { ...a };
  for (const kind of ['hosts', 'paths', 'methods', 'sources'] as const) {
    const wanted = b[kind];
    if (wanted === undefined) continue;
    const had = a[kind];
    const both = had === undefined ? wanted : intersection<unknown>(kind, had, wanted);
    if (both.length === 0) return null;
    Object.assign(result, { [kind]: both });
  }
  for (const kind of ['headers', 'cookies', 'query'] as const) {
    if (b[kind] !== undefined) Object.assign(result, { [kind]: [...(a[kind] ?? []), ...b[kind]] });
  }
  return result;
}

function intersection<T>(kind: 'hosts' | 'paths' | 'methods' | 'sources', a: readonly T[], b: readonly T[]): T[] {
  const texts = new Set(b.map((value) => JSON.stringify(value)));
  const common = a.filter((value) => texts.has(JSON.stringify(value)));
  if (common.length === a.length || common.length === b.length) return common;
  if (![...a, ...b].every((value) => comparedWhole(kind, value))) {
    throw new NotCarried(`asks for two kinds of ${kind} at once, which one rule cannot`);
  }
  return common;
}

/** Whether two that are not the same have nothing in common. */
function comparedWhole(kind: string, value: unknown): boolean {
  if (kind === 'methods') return true;
  if (kind === 'hosts') return !/^~|\*/.test(String(value));
  return kind === 'paths' && (value as PathMatch).kind === 'exact' && (value as PathMatch).ignoreCase !== true;
}

/** Alternatives that differ in one list alone become one match with both lists. */
function merged(matches: readonly RuleMatchPatch[]): RuleMatchPatch[] {
  const result: RuleMatchPatch[] = [];
  for (const next of matches) {
    const at = result.findIndex((known) => differingList(known, next) !== null);
    const known = result[at];
    const kind = known === undefined ? null : differingList(known, next);
    if (known === undefined || kind === null) result.push(next);
    else result[at] = { ...known, [kind]: [...new Set([...(known[kind] ?? []), ...(next[kind] ?? [])])] };
  }
  return result;
}

function differingList(a: RuleMatchPatch, b: RuleMatchPatch): 'hosts' | 'paths' | 'methods' | 'sources' | null {
  const kinds = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof RuleMatchPatch)[];
  const different = kinds.filter((kind) => JSON.stringify(a[kind]) !== JSON.stringify(b[kind]));
  const [kind] = different;
  if (different.length !== 1 || kind === undefined || a[kind] === undefined || b[kind] === undefined) return null;
  if (kind !== 'hosts' && kind !== 'paths' && kind !== 'methods' && kind !== 'sources') return null;
  return (a[kind]?.length ?? 0) + (b[kind]?.length ?? 0) > RULE.entries ? null : kind;
}
