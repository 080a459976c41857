import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { RuleInput } from '@evenkeel/model/resources/rule.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { ProblemError } from '../problem.ts';
import { createListener, updateListener } from '../resources/listeners.ts';
import { createLoadBalancer } from '../resources/load-balancers.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { leadsToItself } from './redirect-loop.ts';
import { createRuleGroup, updateRuleGroup } from './rule-groups.ts';
import { createRule, deleteRule, updateRule } from './rules.ts';

type Match = NonNullable<RuleInput['match']>;

const prefix = (...values: string[]) => values.map((value) => ({ kind: 'prefix' as const, value }));
const exact = (...values: string[]) => values.map((value) => ({ kind: 'exact' as const, value }));

function start(): { draft: Draft; lb: string } {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  return { draft, lb: createLoadBalancer(draft, { name: 'a' }).id };
}

function problemOf(work: () => unknown): ProblemError | null {
  try {
    work();
    return null;
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    return error;
  }
}

const fieldOf = (problem: ProblemError | null) => problem && `${problem.code} ${problem.particulars.errors![0]!.field}`;

/** Refusal of a group of rules that match so, each answering; null when they are accepted. */
function shadowOf(order: RuleOrder, ...matches: Match[]): string | null {
  const { draft, lb } = start();
  const rules = matches.map((match, i) => ({ name: `r${i}`, match, respond: { status: 404 } }));
  return fieldOf(problemOf(() => createRuleGroup(draft, lb, { name: 'g', order, rules })));
}

const SECOND = 'rule-never-matches /rules/1/match';

for (const [what, order, matches, expected] of [
  ['the same again', 'priority', [{ hosts: ['a.b'] }, { hosts: ['A.B'] }], SECOND],
  [
    'the same in another order',
    'fall-through',
    [{ methods: ['GET', 'PUT'] }, { methods: ['PUT', 'GET', 'PUT'] }],
    SECOND,
  ],
  ['everything, and more', 'priority', [{}, { hosts: ['a.b'] }], SECOND],
  ['everything, last', 'priority', [{ hosts: ['a.b'] }, {}], null],
  ['everything first, but hosts are better', 'fall-through', [{}, { hosts: ['a.b'] }], null],
  ['a prefix of it', 'priority', [{ paths: prefix('/a') }, { paths: exact('/ab') }], SECOND],
  [
    'a prefix of it, of any host',
    'priority',
    [{ paths: prefix('/a') }, { hosts: ['a.b'], paths: prefix('/a/b') }],
    SECOND,
  ],
  [
    'a prefix of it, of another host',
    'priority',
    [
      { hosts: ['c.d'], paths: prefix('/a') },
      { hosts: ['a.b'], paths: prefix('/ab') },
    ],
    null,
  ],
  [
    'a prefix of it, but the longer is better',
    'stay-in-host',
    [{ paths: prefix('/a') }, { paths: exact('/ab') }],
    null,
  ],
  [
    'the same place with more conditions',
    'stay-in-host',
    [{ hosts: ['a.b'] }, { hosts: ['a.b'], methods: ['GET'] }],
    SECOND,
  ],
  [
    'the same place with fewer conditions',
    'priority',
    [{ hosts: ['a.b'], methods: ['GET'] }, { hosts: ['a.b'] }],
    null,
  ],
  ['a part of it is left', 'priority', [{ hosts: ['a.b'] }, { hosts: ['a.b', 'c.d'] }], null],
  ['nothing of it is left', 'priority', [{ hosts: ['a.b', 'c.d'] }, { hosts: ['c.d'], methods: ['PUT'] }], SECOND],
  [
    'two before take it together',
    'priority',
    [{ hosts: ['a.b'] }, { hosts: ['c.d'] }, { hosts: ['c.d', 'a.b'], paths: exact('/x') }],
    'rule-never-matches /rules/2/match',
  ],
  ['another case', 'priority', [{ paths: exact('/A') }, { paths: exact('/a') }], null],
  [
    'the same regular expression',
    'priority',
    [{ paths: [{ kind: 'regex', value: 'a' }] }, { paths: [{ kind: 'regex', value: 'a' }], methods: ['GET'] }],
    SECOND,
  ],
] as readonly (readonly [string, RuleOrder, Match[], string | null])[]) {
  test(`never matches (${order}): ${what}`, () => assert.equal(shadowOf(order, ...matches), expected));
}

test('how both rules can be had is said, unless they ask for the same', () => {
  const { draft, lb } = start();
  const all: RuleInput = { name: 'all', respond: { status: 404 } };
  const shop: RuleInput = { name: 'shop', match: { hosts: ['a.b'] }, respond: { status: 404 } };
  const group = (name: string, rules: RuleInput[]) => problemOf(() => createRuleGroup(draft, lb, { name, rules }));
  assert.match(
    group('a', [all, shop])!.message,
    /rule all \(priority 10\) takes .*; a priority below 10 puts it in front$/,
  );
  assert.match(
    group('b', [{ ...all, priority: 1 }, shop])!.message,
    /rule all \(priority 1\) takes .*; a priority above \d+ for rule all puts this in front$/,
  );
  assert.match(group('c', [shop, { ...shop, name: 'again' }])!.message, /takes all of its requests$/);
  const { id } = createRuleGroup(draft, lb, { name: 'd', rules: [shop] });
  const hides = problemOf(() => createRule(draft, id, { ...all, priority: 1 }));
  assert.match(
    hides!.message,
    /rule shop \(priority 10\) could never match: .*; a priority above 10 puts this behind it$/,
  );
});

test('a change that would hide another rule is refused where it is made', () => {
  const { draft, lb } = start();
  const { id } = createRuleGroup(draft, lb, {
    name: 'g',
    rules: [{ name: 'a', match: { hosts: ['a.b'] }, respond: { status: 404 } }],
  });
  const problem = problemOf(() => createRule(draft, id, { name: 'b', priority: 1, respond: { status: 404 } }));
  assert.equal(fieldOf(problem), 'rule-never-matches /match');
  assert.match(problem!.message, /rule a \(priority 10\) could never match/);
});

test('a change of the order is checked with all rules', () => {
  const { draft, lb } = start();
  const rules = [
    { name: 'all', respond: { status: 404 } },
    { name: 'host', match: { hosts: ['a.b'] }, respond: { status: 404 } },
  ];
  const group = createRuleGroup(draft, lb, { name: 'g', order: 'fall-through', rules });
  assert.equal(
    fieldOf(problemOf(() => updateRuleGroup(draft, group, { order: 'priority' }))),
    'rule-never-matches /order',
  );
});

const redirect = (name: string, to: RuleInput['redirect'], match: Match = {}): RuleInput => ({
  name,
  match,
  redirect: to!,
});
const serve = (name: string, match: Match): RuleInput => ({ name, match, respond: { status: 200 } });

for (const [what, rules, expected] of [
  ['to its own path', [redirect('r', { path: '/new' }, { paths: exact('/new') })], 0],
  ['to a path below itself', [redirect('r', { path: '/old/x' }, { paths: prefix('/old') })], 0],
  ['to its own host', [redirect('r', { host: 'A.b' }, { hosts: ['a.b'] })], 0],
  ['to a host of its wildcard', [redirect('r', { host: 'www.a.b' }, { hosts: ['*.a.b'] })], 0],
  ['everything to a page that nobody serves', [redirect('r', { path: '/sorry' })], 0],
  [
    'everything to a page that another rule serves',
    [serve('s', { paths: exact('/sorry') }), redirect('r', { path: '/sorry' })],
    null,
  ],
  [
    'everything to a page that another rule may serve',
    [serve('s', { paths: [{ kind: 'regex', value: 'sorry' }] }), redirect('r', { path: '/sorry' })],
    null,
  ],
  [
    'everything to a page that a later rule would serve',
    [redirect('r', { path: '/sorry' }, { methods: ['GET'] }), serve('s', { paths: exact('/sorry') })],
    0,
  ],
  ['to another path', [redirect('r', { path: '/new' }, { paths: exact('/old') })], null],
  ['to another port', [redirect('r', { port: 8443 })], null],
  [
    'a form to the page that shows it',
    [
      serve('s', { paths: exact('/f'), methods: ['GET'] }),
      redirect('r', { status: 303, path: '/f' }, { paths: exact('/f') }),
    ],
    null,
  ],
  [
    'a form to itself, as GET',
    [redirect('r', { status: 303, path: '/f' }, { paths: exact('/f'), methods: ['POST'] })],
    null,
  ],
  [
    'a form to itself, as POST',
    [redirect('r', { status: 307, path: '/f' }, { paths: exact('/f'), methods: ['POST'] })],
    0,
  ],
  [
    'until a parameter is there',
    [serve('s', { query: [{ name: 'a', kind: 'present' }] }), redirect('r', { query: 'a=1' })],
    null,
  ],
] as readonly (readonly [string, RuleInput[], number | null])[]) {
  test(`redirect ${what}`, () => {
    const { draft, lb } = start();
    const problem = problemOf(() => createRuleGroup(draft, lb, { name: 'g', rules }));
    assert.equal(fieldOf(problem), expected === null ? null : `redirect-loop /rules/${expected}/redirect`);
  });
}

test('a redirect loops by some listeners, and not by others', () => {
  const { draft, lb } = start();
  const rules = [redirect('r', { protocol: 'http', port: 8080 })];
  const { id: ruleGroupId } = createRuleGroup(draft, lb, { name: 'g', rules });
  const good = createListener(draft, lb, { protocol: 'http', port: 80, ruleGroupId });
  const bad = problemOf(() => createListener(draft, lb, { protocol: 'http', port: 8080, ruleGroupId }));
  assert.equal(fieldOf(bad), 'redirect-loop /ruleGroupId');
  const [rule] = [...draft.loadBalancers.get(lb)!.ruleGroups.get(ruleGroupId)!.rules.values()];
  const turned = problemOf(() => updateRule(draft, rule!, { redirect: { port: 0, protocol: 'http' } }));
  assert.match(turned!.message, /leads to itself by listener http-80/);
  updateListener(draft, good, { ruleGroupId: null });
  updateRule(draft, rule!, { redirect: { port: 0, protocol: 'http' } });
});

test('everything to https: a loop by https listeners alone', () => {
  const { draft, lb } = start();
  const { id } = createRuleGroup(draft, lb, { name: 'g', rules: [redirect('r', { protocol: 'https' })] });
  const standard = createRuleGroup(draft, lb, { name: 'h', rules: [redirect('r', { protocol: 'https', port: 0 })] });
  const ruleOf = (group: string) => [...draft.loadBalancers.get(lb)!.ruleGroups.get(group)!.rules.values()][0]!;
  const loops = (group: string, protocol: 'http' | 'https', port: number) =>
    leadsToItself(ruleOf(group), [ruleOf(group)], 'priority', { protocol, port });
  assert.deepEqual([loops(id, 'http', 80), loops(id, 'https', 443), loops(id, 'https', 8443)], [false, true, true]);
  assert.deepEqual([loops(standard.id, 'https', 443), loops(standard.id, 'https', 8443)], [true, false]);
});

test('rules in front that ask for other hosts and paths end no loop', () => {
  const { draft, lb } = start();
  const front = [serve('host', { hosts: ['api.example.com'] }), serve('path', { paths: exact('/healthz') })];
  const grouped = (name: string, rules: RuleInput[]) => createRuleGroup(draft, lb, { name, rules }).id;
  const listen = (ruleGroupId: string) =>
    problemOf(() => createListener(draft, lb, { protocol: 'http', port: 80, ruleGroupId }));
  const loops = grouped('g', [...front, redirect('r', { protocol: 'http' })]);
  assert.equal(fieldOf(listen(loops)), 'redirect-loop /ruleGroupId');
  const ended = serve('cookie', { cookies: [{ name: 'seen', kind: 'present' }] });
  assert.equal(listen(grouped('h', [...front, ended, redirect('r', { protocol: 'http' })])), null);
});

test('what ends a loop may not be taken away', () => {
  const { draft, lb } = start();
  const rules = [serve('s', { paths: exact('/sorry') }), redirect('r', { path: '/sorry' })];
  const { id } = createRuleGroup(draft, lb, { name: 'g', rules });
  const [served] = [...draft.loadBalancers.get(lb)!.ruleGroups.get(id)!.rules.values()];
  const problem = problemOf(() => deleteRule(draft, served!));
  assert.match(problem!.message, /the redirect of rule r leads to itself/);
});
