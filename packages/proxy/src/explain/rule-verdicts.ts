import type { PlannedFieldMatch, PlannedMatch, PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import type { ExplainedCondition, ExplainedRule } from '@evenkeel/model/resources/explanation.ts';
import { equalsIgnoringCase } from '../http1/fields.ts';
import type { Condition, RoutedRequest } from '../rules/condition/condition.ts';
import { CookieCondition } from '../rules/condition/cookie.ts';
import { HeaderCondition } from '../rules/condition/header.ts';
import { MethodCondition } from '../rules/condition/method.ts';
import { QueryCondition } from '../rules/condition/query.ts';
import { SourceCondition } from '../rules/condition/source.ts';
import { hostFits, pathFits } from './pattern-fits.ts';

/** Rules that are told of: more than anybody reads, and fewer than would not go through the stream. */
const LISTED = 50;
/** Characters of a value that are told. */
const SHOWN = 200;

/** A request as the verdicts see it. */
export interface JudgedRequest {
  readonly routed: RoutedRequest;
  readonly host: string;
  readonly path: string;
}

export interface RuleVerdicts {
  readonly rules: readonly ExplainedRule[];
  readonly leftOut: number;
}

/**
 * What each rule of a group says of a request: `applying` is the index of the one that the router has found, -1 for
 * none. Of many rules the closest are told of: those that match, then by how much of them holds.
 */
export function ruleVerdicts(group: PlannedRuleGroup, request: JudgedRequest, applying: number): RuleVerdicts {
  const byPriority = [...group.rules.entries()].sort(([, a], [, b]) => a.priority - b.priority);
  const judged = byPriority.map(([index, rule]) => {
    const failures = failuresOf(rule.match, group, request);
    return { index, rule, failures, matches: failures === 0 };
  });
  const kept = new Set(
    [...judged]
      .sort((a, b) => Number(b.index === applying) - Number(a.index === applying) || a.failures - b.failures)
      .slice(0, LISTED),
  );
  const rules = judged
    .filter((one) => kept.has(one))
    .map(({ index, rule, matches }) => explainRule(rule, group, request, index === applying, matches, applying));
  return { rules, leftOut: judged.length - rules.length };
}

function explainRule(
  { id, name, priority, match }: PlannedRule,
  group: PlannedRuleGroup,
  request: JudgedRequest,
  applies: boolean,
  matches: boolean,
  applying: number,
): ExplainedRule {
  const conditions = conditionsOf(match, group, request);
  if (applies) return { ruleId: id, name, priority, outcome: 'applies', conditions };
  if (!matches) return { ruleId: id, name, priority, outcome: 'no-match', conditions };
  conditions.push(rankOf(group, applying));
  return { ruleId: id, name, priority, outcome: 'outranked', conditions };
}

/** Why a rule that matches is not the one. */
function rankOf({ order, rules }: PlannedRuleGroup, applying: number): ExplainedCondition {
  const wanted =
    order === 'priority'
      ? 'the smallest priority of those that match'
      : order === 'fall-through'
        ? 'the best host, and in it the best path, of those that match'
        : 'the best host, and in it the best path';
  const first = rules[applying];
  const actual = first === undefined ? 'a better host has no rule that matches' : `${first.name} comes first`;
  return { kind: 'rank', name: '', wanted, actual, holds: false };
}

/** How far a rule is from matching: a host that differs counts more than a path, and that more than the rest. */
function failuresOf(match: PlannedMatch, group: PlannedRuleGroup, request: JudgedRequest): number {
  const host = match.hosts.length === 0 || match.hosts.some((one) => hostFits(one, request.host));
  const path = match.paths.length === 0 || match.paths.some((one) => pathFits(one, request.path, slashes(group)));
  const rest = host && path ? testsOf(match).filter(({ condition }) => !condition.holds(request.routed)).length : 0;
  return (host ? 0 : 10_000) + (path ? 0 : 1_000) + rest;
}

function conditionsOf(match: PlannedMatch, group: PlannedRuleGroup, request: JudgedRequest): ExplainedCondition[] {
  const conditions: ExplainedCondition[] = [];
  const { hosts, paths } = match;
  if (hosts.length > 0) {
    const wanted = hosts.map(({ kind, value }) => wordsOfHost(kind, value)).join(', or ');
    const holds = hosts.some((host) => hostFits(host, request.host));
    conditions.push({ kind: 'host', name: '', wanted: shown(wanted), actual: shown(request.host), holds });
  }
  if (paths.length > 0) {
    const wanted = paths
      .map(({ kind, value, ignoreCase }) => `${kind} ${value}${ignoreCase ? ' (any case)' : ''}`)
      .join(', or ');
    const holds = paths.some((path) => pathFits(path, request.path, slashes(group)));
    conditions.push({ kind: 'path', name: '', wanted: shown(wanted), actual: shown(request.path), holds });
  }
  for (const { kind, name, wanted, condition } of testsOf(match)) {
    const actual = actualOf(kind, name, request.routed);
    conditions.push({
      kind,
      name,
      wanted: shown(wanted),
      actual: shown(actual),
      holds: condition.holds(request.routed),
    });
  }
  return conditions;
}

interface Test {
  readonly kind: 'method' | 'source' | 'header' | 'query' | 'cookie';
  readonly name: string;
  readonly wanted: string;
  readonly condition: Condition;
}

function testsOf({ methods, sources, headers, query, cookies }: PlannedMatch): Test[] {
  const field = (kind: Test['kind'], planned: PlannedFieldMatch, condition: Condition): Test => {
    return { kind, name: planned.name, wanted: wordsOfMatch(planned), condition };
  };
  return [
    ...(methods.length === 0
      ? []
      : [{ kind: 'method' as const, name: '', wanted: methods.join(', '), condition: new MethodCondition(methods) }]),
    ...(sources.length === 0
      ? []
      : [{ kind: 'source' as const, name: '', wanted: sources.join(', '), condition: new SourceCondition(sources) }]),
    ...headers.map((planned) => field('header', planned, new HeaderCondition(planned))),
    ...query.map((planned) => field('query', planned, new QueryCondition(planned))),
    ...cookies.map((planned) => field('cookie', planned, new CookieCondition(planned))),
  ];
}

function actualOf(
  kind: Test['kind'],
  name: string,
  { memory, head, queryStart, queryEnd, client }: RoutedRequest,
): string {
  const { fields } = head;
  const valuesOf = (field: string): string => {
    const values: string[] = [];
    for (let i = 0; i < fields.count; i++) {
      if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), field)) continue;
      values.push(textOf(memory, fields.valueStart(i), fields.valueEnd(i)));
    }
    return values.length === 0 ? 'not there' : values.join(', ');
  };
  switch (kind) {
    case 'method':
      return textOf(memory, head.methodStart, head.methodEnd);
    case 'source':
      return client.toString();
    case 'header':
      return valuesOf(name);
    case 'cookie':
      return valuesOf('cookie');
    case 'query':
      return textOf(memory, queryStart, queryEnd) || 'not there';
  }
}

function slashes({ order }: PlannedRuleGroup): boolean {
  return order === 'stay-in-host';
}

function wordsOfHost(kind: string, value: string): string {
  if (kind === 'prefix-wildcard') return `*.${value}`;
  if (kind === 'suffix-wildcard') return `${value}.*`;
  return kind === 'regex' ? `regex ${value}` : value;
}

function wordsOfMatch({ kind, values }: PlannedFieldMatch): string {
  return values.length === 0 ? kind : `${kind} ${values.join(', or ')}`;
}

function textOf(memory: Uint8Array, start: number, end: number): string {
  return Buffer.from(memory.buffer, memory.byteOffset + start, Math.max(0, end - start)).toString('latin1');
}

function shown(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
