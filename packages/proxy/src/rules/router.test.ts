import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  PlannedHost,
  PlannedMatch,
  PlannedPath,
  PlannedRule,
  PlannedRuleGroup,
  RuleOrder,
} from '@evenkeel/model/plan/rules.ts';
import { RULE_ORDERS } from '@evenkeel/model/plan/rules.ts';
import { Random } from '../reactor/simulated/random.ts';
import { parsedRequest, type TestRequest } from './fixtures/parsed-request.ts';
import { referenceRoute } from './fixtures/reference-router.ts';
import { ANYTHING, ruleGroupOf, ruleOf } from './fixtures/rules.ts';
import { PathHit } from './index/path-index.ts';
import { Router } from './router.ts';
import { finish } from './steps.ts';

interface Found {
  readonly rule: string;
  readonly length: number;
  readonly slash: boolean;
}

function routed(group: PlannedRuleGroup, request: TestRequest): Found | null {
  const router = finish(Router.compile(group, group.rules));
  const { routedRequest, place } = parsedRequest(request);
  const hit = new PathHit<PlannedRule>();
  if (!router.route(routedRequest, place, hit) || hit.matched === null) return null;
  return { rule: hit.matched.rule.id, length: hit.length, slash: hit.slash };
}

const exact = (value: string): PlannedPath => ({ kind: 'exact', value, ignoreCase: false });
const prefix = (value: string): PlannedPath => ({ kind: 'prefix', value, ignoreCase: false });
const regex = (value: string): PlannedPath => ({ kind: 'regex', value, ignoreCase: false });

/** Whose rule is it, for rules that differ in hosts and paths. */
function ruleFor(
  order: RuleOrder,
  matches: Record<string, Partial<PlannedMatch>>,
  request: TestRequest,
): string | null {
  const rules = Object.entries(matches).map(([id, match], index) => ruleOf(id, index + 1, match));
  return routed(ruleGroupOf(order, rules), request)?.rule ?? null;
}

const host = (kind: PlannedHost['kind'], value: string): { hosts: PlannedHost[] } => ({ hosts: [{ kind, value }] });

test('paths are found however the digits of what is percent-encoded are written', () => {
  const others = Array.from({ length: 20 }, (_, i) => exact(`/other/${i}`));
  for (const paths of [[], others]) {
    for (const [path, target] of [
      [exact('/caf%c3%A9'), '/caf%C3%a9'],
      [prefix('/caf%C3%a9/'), '/caf%c3%A9/x'],
      [regex('^/caf(?:%c3%a9)+$'), '/caf%C3%A9%c3%a9'],
      [regex('^/[%c]%20\\.%2f$'), '/c%20.%2f'],
    ] as const) {
      for (const order of RULE_ORDERS) {
        assert.equal(ruleFor(order, { found: { paths: [...paths, path] } }, { target }), 'found', target);
      }
    }
  }
});

test('routers find their own hosts in fields that are kept, each time', () => {
  const fields = 'User-Agent: a client that repeats itself/1.0\r\n';
  const { routedRequest, place } = parsedRequest({ host: 'www.example.com', fields, kept: true });
  const routers = ['www.example.com', 'other.example'].map((value) => {
    const rules = [ruleOf('named', 1, { hosts: [{ kind: 'exact', value }] }), ruleOf('rest', 2, {})];
    return finish(Router.compile(ruleGroupOf('priority', rules), rules));
  });
  const found = [0, 0, 1, 1, 0, 1].map((index) => {
    const hit = new PathHit<PlannedRule>();
    assert.ok(routers[index]!.route(routedRequest, place, hit));
    return hit.matched?.rule.id;
  });
  assert.deepEqual(found, ['named', 'named', 'rest', 'rest', 'named', 'rest']);
});

describe('hosts', () => {
  const matches = {
    any: {},
    regex: host('regex', '^[a-z]+\\.example\\.'),
    suffix: host('suffix-wildcard', 'www.example'),
    longSuffix: host('suffix-wildcard', 'www.example.co'),
    prefix: host('prefix-wildcard', 'example.com'),
    longPrefix: host('prefix-wildcard', 'a.example.com'),
    exact: host('exact', 'www.example.com'),
    address: host('exact', '192.0.2.1'),
    v6: host('exact', '[2001:db8::1]'),
  };

  for (const [name, expected] of [
    ['www.example.com', 'exact'],
    ['WWW.Example.COM', 'exact'],
    ['www.example.com.', 'exact'],
    ['www.example.com:8080', 'exact'],
    ['www.example.com.:', 'exact'],
    ['b.example.com', 'prefix'],
    ['x.b.example.com', 'prefix'],
    ['x.a.example.com', 'longPrefix'],
    ['a.example.com', 'prefix'],
    ['example.com', 'any'],
    ['.example.com', 'any'],
    ['notexample.com', 'any'],
    ['www.example.org', 'suffix'],
    ['www.example.co.uk', 'longSuffix'],
    ['www.example.co', 'suffix'],
    ['www.example', 'any'],
    ['www.example.', 'any'],
    ['api.example.org', 'regex'],
    ['192.0.2.1:80', 'address'],
    ['[2001:db8::1]:80', 'v6'],
    ['[2001:DB8::1]', 'v6'],
    [`${'a.'.repeat(200)}example.com`, 'any'],
  ] as const) {
    test(`${name.slice(0, 40)} is for ${expected}`, () => {
      assert.equal(ruleFor('fall-through', matches, { host: name }), expected);
    });
  }

  test('without a Host field only rules for any host match', () => {
    assert.equal(ruleFor('fall-through', matches, { host: null }), 'any');
  });
});

describe('paths', () => {
  const matches = {
    any: {},
    regex: { paths: [regex('\\.png$')] },
    root: { paths: [prefix('/r')] },
    short: { paths: [prefix('/a')] },
    long: { paths: [prefix('/a/b')] },
    folded: { paths: [{ kind: 'prefix', value: '/Fold', ignoreCase: true }] },
    exact: { paths: [exact('/a/b/c')] },
    exactFolded: { paths: [{ kind: 'exact', value: '/X', ignoreCase: true }] },
  } satisfies Record<string, Partial<PlannedMatch>>;

  for (const [path, expected] of [
    ['/a/b/c', 'exact'],
    ['/a/b/c?x=/a', 'exact'],
    ['/a/b/cd', 'long'],
    ['/a/b', 'long'],
    ['/a/', 'short'],
    ['/ab', 'short'],
    ['/', 'any'],
    ['/A', 'any'],
    ['/x', 'exactFolded'],
    ['/fOLD/y', 'folded'],
    ['/img/x.png', 'regex'],
    ['/img/x.png?a', 'regex'],
    ['/a/x.png', 'short'],
    ['/img/x?.png', 'any'],
    ['/%61/b/c', 'exact'],
    ['http://h/a/b/c', 'exact'],
    ['http://h', 'any'],
  ] as const) {
    test(`${path} is for ${expected}`, () => {
      assert.equal(ruleFor('fall-through', matches, { target: path, host: 'h' }), expected);
    });
  }

  test('OPTIONS * has no path that a prefix or exact path could match', () => {
    assert.equal(ruleFor('fall-through', matches, { method: 'OPTIONS', target: '*' }), 'any');
  });
});

describe('orders', () => {
  const matches = {
    any: {},
    wildcard: { ...host('prefix-wildcard', 'b.c'), paths: [prefix('/x')] },
    exact: { ...host('exact', 'a.b.c'), paths: [prefix('/y')] },
  };

  test('fall-through goes on to the next host when no path of the best one matches', () => {
    assert.equal(ruleFor('fall-through', matches, { host: 'a.b.c', target: '/y' }), 'exact');
    assert.equal(ruleFor('fall-through', matches, { host: 'a.b.c', target: '/x' }), 'wildcard');
    assert.equal(ruleFor('fall-through', matches, { host: 'a.b.c', target: '/z' }), 'any');
  });

  test('stay-in-host does not', () => {
    assert.equal(ruleFor('stay-in-host', matches, { host: 'a.b.c', target: '/y' }), 'exact');
    assert.equal(ruleFor('stay-in-host', matches, { host: 'a.b.c', target: '/x' }), null);
    assert.equal(ruleFor('stay-in-host', matches, { host: 'z.b.c', target: '/x' }), 'wildcard');
    assert.equal(ruleFor('stay-in-host', matches, { host: 'z', target: '/x' }), 'any');
  });

  test('priority looks at the number alone', () => {
    assert.equal(ruleFor('priority', matches, { host: 'a.b.c', target: '/y' }), 'any');
  });

  test('stay-in-host redirects to a prefix that only lacks its slash', () => {
    const group = ruleGroupOf('stay-in-host', [
      ruleOf('slash', 1, { paths: [prefix('/abc/')] }),
      ruleOf('ab', 2, { paths: [prefix('/ab')] }),
      ruleOf('regex', 3, { paths: [regex('^/abc$')] }),
    ]);
    assert.deepEqual(routed(group, { target: '/abc' }), { rule: 'slash', length: 4, slash: true });
    assert.deepEqual(routed(group, { target: '/abc/' }), { rule: 'slash', length: 5, slash: false });
    assert.deepEqual(routed(group, { target: '/abcd' }), { rule: 'ab', length: 3, slash: false });
    const fallThrough = routed({ ...group, order: 'fall-through' }, { target: '/abc' });
    assert.deepEqual(fallThrough, { rule: 'ab', length: 3, slash: false });
    const own = ruleGroupOf('stay-in-host', [...group.rules, ruleOf('own', 4, { paths: [prefix('/abc')] })]);
    assert.deepEqual(routed(own, { target: '/abc' }), { rule: 'own', length: 4, slash: false });
  });
});

describe('conditions', () => {
  const holds = (match: Partial<PlannedMatch>, request: TestRequest): boolean =>
    ruleFor('priority', { it: match }, request) !== null;
  const field = (name: string, kind: PlannedMatch['headers'][number]['kind'], ...values: string[]) => [
    { name, kind, values },
  ];

  test('method', () => {
    assert.equal(holds({ methods: ['GET', 'PURGE'] }, { method: 'PURGE' }), true);
    assert.equal(holds({ methods: ['GET', 'PURGE'] }, { method: 'get' }), false);
  });

  test('header', () => {
    const request = { fields: 'X-A: one\r\nx-a:  two \r\nX-Empty:\r\n' };
    assert.equal(holds({ headers: field('x-a', 'exact', 'zero', 'two') }, request), true);
    assert.equal(holds({ headers: field('x-a', 'exact', 'one, two') }, request), false);
    assert.equal(holds({ headers: field('x-a', 'prefix', 'tw') }, request), true);
    assert.equal(holds({ headers: field('x-a', 'contains', 'ne') }, request), true);
    assert.equal(holds({ headers: field('x-a', 'contains', 'onex') }, request), false);
    assert.equal(holds({ headers: field('x-a', 'regex', '^t.o$') }, request), true);
    assert.equal(holds({ headers: field('x-empty', 'present') }, request), true);
    assert.equal(holds({ headers: field('x-empty', 'absent') }, request), false);
    assert.equal(holds({ headers: field('x-b', 'absent') }, request), true);
    assert.equal(holds({ headers: [...field('x-a', 'exact', 'one'), ...field('x-b', 'present')] }, request), false);
  });

  test('cookie', () => {
    const request = { fields: 'Cookie: a=1;b="2" ; c; a=3\r\ncookie:  d = 4\r\n' };
    for (const [name, value] of [
      ['a', '1'],
      ['a', '3'],
      ['b', '"2"'],
      ['c', ''],
      ['d', '4'],
    ] as const) {
      assert.equal(holds({ cookies: field(name, 'exact', value) }, request), true, `${name}=${value}`);
    }
    assert.equal(holds({ cookies: field('A', 'present') }, request), false);
    assert.equal(holds({ cookies: field('2', 'present') }, request), false);
    assert.equal(holds({ cookies: field('e', 'absent') }, request), true);
  });

  test('query', () => {
    const request = { target: '/?a=1&b%20c=x+%41&a=2&d&=e&%66=a%' };
    for (const [name, value] of [
      ['a', '1'],
      ['a', '2'],
      ['b c', 'x A'],
      ['d', ''],
      ['', 'e'],
      ['f', 'a%'],
    ] as const) {
      assert.equal(holds({ query: field(name, 'exact', value) }, request), true, `${name}=${value}`);
    }
    assert.equal(holds({ query: field('e', 'absent') }, request), true);
    assert.equal(holds({ query: field('a', 'absent') }, request), false);
  });

  test('source', () => {
    assert.equal(holds({ sources: ['10.0.0.0/8', '2001:db8::/32'] }, { client: '10.1.2.3' }), true);
    assert.equal(holds({ sources: ['10.0.0.0/8', '2001:db8::/32'] }, { client: '2001:db8::7' }), true);
    assert.equal(holds({ sources: ['10.0.0.0/8'] }, { client: '11.0.0.1' }), false);
  });
});

test('random rules and requests are routed as a look at every rule would', () => {
  const random = new Random(11);
  const labels = ['a', 'b', 'c'];
  const name = (most: number): string =>
    Array.from({ length: random.between(1, most) }, () => random.pick(labels)).join('.');
  const path = (): string =>
    `/${Array.from({ length: random.below(4) }, () => random.pick(['x', 'y', '/', 'X'])).join('')}`;
  const randomHost = (): PlannedHost => {
    const kind = random.pick(['exact', 'prefix-wildcard', 'suffix-wildcard', 'regex'] as const);
    return { kind, value: kind === 'regex' ? random.pick(['^a', 'b', 'c$', '\\.']) : name(2) };
  };
  const randomPath = (): PlannedPath => {
    const kind = random.pick(['exact', 'prefix', 'regex'] as const);
    const value = kind === 'regex' ? random.pick(['^/x', 'y', 'X$', '//']) : path();
    return { kind, value, ignoreCase: random.chance(0.3) };
  };
  let hits = 0;
  for (let round = 0; round < 1_500; round++) {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    random.shuffle(numbers);
    const rules = Array.from({ length: random.chance(0.2) ? 40 : random.between(1, 12) }, (_, index) =>
      ruleOf(`r${index}`, numbers[index]!, {
        ...ANYTHING,
        hosts: Array.from({ length: random.below(3) }, randomHost),
        paths: Array.from({ length: random.below(3) }, randomPath),
        methods: random.chance(0.3) ? [random.pick(['GET', 'POST'])] : [],
      }),
    );
    const group = ruleGroupOf(random.pick(RULE_ORDERS), rules);
    for (let i = 0; i < 8; i++) {
      const request = { host: name(4), target: path(), method: random.pick(['GET', 'POST']) };
      const found = routed(group, request);
      if (found !== null) hits++;
      assert.deepEqual(found, referenceRoute(group, request), JSON.stringify({ group, request }));
    }
  }
  assert.ok(hits > 5_000, `${hits} hits`);
});
