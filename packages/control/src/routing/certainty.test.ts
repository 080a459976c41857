import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostPattern } from '@evenkeel/model/host-pattern.ts';
import { RULE_ORDERS, type RuleOrder } from '@evenkeel/model/plan/rules.ts';
import { seeded } from '../../test/random-changes.ts';
import type { RuleRecord } from '../state/records.ts';
import { NOTHING } from './content.ts';
import { EVERYTHING } from './match.ts';
import { inOrder } from './order.ts';
import { leadsToItself } from './redirect-loop.ts';
import { findShadow } from './shadow.ts';

/** What is refused must be certain: random rules of a small world, against every request that there is in it. */

const SEEDS = 4_000;

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly method: string;
}

const HOSTS = ['a.b', 'c.b', 'a.c', 'x'];
const PATHS = ['/', '/a', '/ab', '/A', '/a/b', '/b'];
const METHODS = ['GET', 'POST'];
const WORLD: readonly Asked[] = HOSTS.flatMap((host) =>
  PATHS.flatMap((path) => METHODS.map((method) => ({ host, path, method }))),
);

/** How well the host fits: larger is better, 0 is not at all. */
function hostRank(pattern: string | null, host: string): number {
  if (pattern === null) return 1;
  const { kind, value } = parseHostPattern(pattern);
  switch (kind) {
    case 'exact':
      return host === value ? 4_000 : 0;
    case 'prefix-wildcard':
      return host.endsWith(`.${value}`) ? 3_000 + value.length : 0;
    case 'suffix-wildcard':
      return host.startsWith(`${value}.`) ? 2_000 + value.length : 0;
    case 'regex':
      return new RegExp(value).test(host) ? 1_000 : 0;
    default:
      return kind satisfies never;
  }
}

function pathRank(wanted: RuleRecord['match']['paths'][number] | null, asked: string): number {
  if (wanted === null) return 1;
  const [value, path] = wanted.ignoreCase ? [wanted.value.toLowerCase(), asked.toLowerCase()] : [wanted.value, asked];
  switch (wanted.kind) {
    case 'exact':
      return path === value ? 4_000 : 0;
    case 'prefix':
      return path.startsWith(value) ? 2_000 + value.length : 0;
    case 'regex':
      return new RegExp(value).test(path) ? 1_000 : 0;
    default:
      return wanted.kind satisfies never;
  }
}

/** The rule that a request gets, by the words of the guide. */
function winnerOf(rules: readonly RuleRecord[], order: RuleOrder, { host, path, method }: Asked): RuleRecord | null {
  const hits = rules.flatMap((rule) => {
    const { hosts, paths, methods } = rule.match;
    if (methods.length > 0 && !methods.includes(method)) return [];
    return (hosts.length === 0 ? [null] : hosts).flatMap((pattern) =>
      (paths.length === 0 ? [null] : paths).map((one) => {
        return { rule, byHost: hostRank(pattern, host), byPath: pathRank(one, path) };
      }),
    );
  });
  const fitting = hits.filter(({ byHost, byPath }) => byHost > 0 && byPath > 0);
  const ranks = rules.flatMap(({ match }) =>
    match.hosts.length === 0 ? [1] : match.hosts.map((one) => hostRank(one, host)),
  );
  const best = Math.max(0, ...ranks);
  const candidates = order === 'stay-in-host' ? fitting.filter(({ byHost }) => byHost === best) : fitting;
  candidates.sort((a, b) => {
    const byPlace = order === 'priority' ? 0 : b.byHost - a.byHost || b.byPath - a.byPath;
    return byPlace || a.rule.priority - b.rule.priority;
  });
  return candidates[0]?.rule ?? null;
}

function randomRules(random: () => number): RuleRecord[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const some = <T>(values: readonly T[], most: number): T[] =>
    Array.from({ length: below(most + 1) }, () => values[below(values.length)]!);
  return Array.from({ length: 1 + below(4) }, (_, i): RuleRecord => {
    const paths = some(PATHS, 2).map((value) => {
      const kind = (['exact', 'prefix', 'prefix', 'regex'] as const)[below(4)]!;
      return { kind, value, ignoreCase: below(4) === 0 };
    });
    const redirect = {
      status: ([301, 303, 307] as const)[below(3)]!,
      protocol: 'http' as const,
      host: some(HOSTS, 1)[0] ?? null,
      port: null,
      path: some(PATHS, 1)[0] ?? null,
      query: null,
    };
    return {
      ...NOTHING,
      id: `rul-${i}`,
      name: `r${i}`,
      ruleGroupId: 'rg-0',
      generation: 1,
      createdAt: 0,
      updatedAt: 0,
      priority: 1 + below(100) * 10 + i,
      match: {
        ...EVERYTHING,
        hosts: some([...HOSTS, '*.b', 'a.*', '~a'], 2),
        paths,
        methods: below(3) === 0 ? some(METHODS, 1) : [],
      },
      ...(below(2) === 0 ? { redirect } : { respond: { status: 200, contentType: 'text/plain', body: '' } }),
    };
  });
}

test('a rule that is said never to match matches nothing that there is', () => {
  let found = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seeded(seed);
    const rules = inOrder(randomRules(random));
    const order = RULE_ORDERS[seed % RULE_ORDERS.length]!;
    const shadow = findShadow(rules, order);
    if (shadow === null) continue;
    found++;
    for (const asked of WORLD) {
      assert.notEqual(winnerOf(rules, order, asked)?.id, shadow.loser.id, `seed ${seed}: ${JSON.stringify(asked)}`);
    }
  }
  assert.ok(found > SEEDS / 20, `${found} found`);
});

/** What the client asks for when it follows (RFC 9110 §15.4). */
function followed({ redirect }: RuleRecord, { host, path, method }: Asked): Asked {
  const { status, host: toHost, path: toPath } = redirect!;
  return { host: toHost ?? host, path: toPath ?? path, method: status >= 307 ? method : 'GET' };
}

test('who meets a redirect that is said to lead to itself never gets out', () => {
  let found = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const rules = inOrder(randomRules(seeded(seed)));
    const order = RULE_ORDERS[seed % RULE_ORDERS.length]!;
    for (const rule of rules) {
      if (rule.redirect === null || !leadsToItself(rule, rules, order, { protocol: 'http', port: 80 })) continue;
      for (const asked of WORLD) {
        // GET stays GET; what becomes of POST with 301 is up to the client.
        if (asked.method !== 'GET' && rule.redirect.status < 307) continue;
        if (winnerOf(rules, order, asked) !== rule) continue;
        found++;
        const next = followed(rule, asked);
        assert.equal(
          winnerOf(rules, order, next)?.id,
          rule.id,
          `seed ${seed}: ${JSON.stringify({ order, asked, next })}`,
        );
      }
    }
  }
  assert.ok(found > SEEDS / 20, `${found} found`);
});
