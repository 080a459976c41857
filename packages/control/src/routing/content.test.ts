import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RulePatch } from '@evenkeel/model/resources/rule.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { ProblemError } from '../problem.ts';
import { createBackendService } from '../resources/backend-services.ts';
import { createLoadBalancer } from '../resources/load-balancers.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { changeContent, NOTHING, type RuleContent } from './content.ts';

const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
const { id } = createLoadBalancer(draft, { name: 'a' });
const [blue, green, tcp] = (['http', 'http', 'tcp'] as const).map(
  (protocol, i) => createBackendService(draft, id, { name: `s${i}`, protocol, port: 80 }).id,
) as [string, string, string];
const tree = draft.loadBalancers.get(id)!;
const forward = [{ backendServiceId: blue }];

function accepted(patch: RulePatch, current: RuleContent = NOTHING): RuleContent {
  return changeContent(tree, current, patch, '');
}

/** `code field: reason` of what the patch is refused with. */
function refusal(patch: RulePatch, current: RuleContent = NOTHING): string {
  try {
    changeContent(tree, current, patch, '');
  } catch (error) {
    assert.ok(error instanceof ProblemError);
    const [first] = error.particulars.errors!;
    return `${error.code} ${first!.field}: ${first!.reason}`;
  }
  return assert.fail(`accepted: ${JSON.stringify(patch)}`);
}

test('what is left out has its default, and everything is in one form', () => {
  const rule = accepted({
    match: {
      hosts: ['WWW.Example.com', '~^A$'],
      paths: [
        { kind: 'prefix', value: '/%61%2fb' },
        { kind: 'regex', value: '^/v[0-9]+/' },
      ],
      headers: [{ name: 'X-Beta', kind: 'present' }],
      cookies: [{ name: 'Beta', kind: 'exact', values: ['1', '2'] }],
      sources: ['10.0.0.1', '2001:DB8::/32', '10.0.0.1/32'],
    },
    forward,
    mirror: { backendServiceId: green },
    rewrite: { host: 'inner.example.com' },
    requestHeaders: [{ operation: 'set', name: 'X-Client', value: '$' + '{client_address}:$' + '{client_port}' }],
    responseHeaders: [{ operation: 'remove', name: 'Server' }],
  });
  assert.deepEqual(rule, {
    description: '',
    match: {
      hosts: ['www.example.com', '~^A$'],
      paths: [
        { kind: 'prefix', value: '/a%2Fb', ignoreCase: false },
        { kind: 'regex', value: '^/v[0-9]+/', ignoreCase: false },
      ],
      methods: [],
      headers: [{ name: 'x-beta', kind: 'present', values: [] }],
      cookies: [{ name: 'Beta', kind: 'exact', values: ['1', '2'] }],
      query: [],
      sources: ['10.0.0.1/32', '2001:db8::/32'],
    },
    forward: [{ backendServiceId: blue, weight: 10 }],
    redirect: null,
    respond: null,
    jwt: null,
    jwtSecrets: null,
    rewrite: { host: 'inner.example.com', path: null },
    mirror: { backendServiceId: green, percent: 100 },
    requestHeaders: [{ operation: 'set', name: 'X-Client', value: '$' + '{client_address}:$' + '{client_port}' }],
    responseHeaders: [{ operation: 'remove', name: 'Server', value: '' }],
  });
  assert.deepEqual(accepted({}, rule), rule);
});

test('the one that is given takes the place of the one that was there', () => {
  const forwarding = accepted({ forward, match: { methods: ['GET'] } });
  const redirecting = accepted({ redirect: { protocol: 'https' } }, forwarding);
  assert.equal(redirecting.forward, null);
  assert.deepEqual(redirecting.redirect, {
    status: 302,
    protocol: 'https',
    host: null,
    port: null,
    path: null,
    query: null,
  });
  assert.deepEqual(accepted({ match: { hosts: ['a.b'] } }, forwarding).match.methods, ['GET']);
  assert.deepEqual(accepted({ forward, redirect: null }, redirecting).forward, [
    { backendServiceId: blue, weight: 10 },
  ]);
});

test('the media type of an answer without a body makes no difference', () => {
  const answers = (contentType: string, body: string) =>
    accepted({ respond: { status: 404, contentType, body } }).respond;
  const none = { status: 404, contentType: 'text/plain; charset=utf-8', body: '' };
  assert.deepEqual([answers('text/html', ''), accepted({ respond: { status: 404 } }).respond], [none, none]);
  assert.deepEqual(answers('text/html', 'x'), { status: 404, contentType: 'text/html', body: 'x' });
});

const RESPOND = { respond: { status: 404 } };
const match = (conditions: NonNullable<RulePatch['match']>): RulePatch => ({ match: conditions, ...RESPOND });
const exactPath = (value: string) => match({ paths: [{ kind: 'exact', value }] });
const set = (name: string, value = 'x'): RulePatch => ({
  forward,
  requestHeaders: [{ operation: 'set', name, value }],
});
const answerWith = (name: string): RulePatch => ({
  ...RESPOND,
  responseHeaders: [{ operation: 'add', name, value: 'x' }],
});

const WRONG: readonly (readonly [what: string, patch: RulePatch, expected: RegExp])[] = [
  ['nothing to do', {}, /^validation-failed \/forward: is missing/],
  ['two things to do', { forward, ...RESPOND }, /^validation-failed \/respond: a rule does one thing/],
  ['a host with a port', match({ hosts: ['a.b', 'a.b:80'] }), /^validation-failed \/match\/hosts\/1: .*port/],
  ['a host that matches all', match({ hosts: ['*'] }), /every host/],
  ['a host pattern that backtracks', match({ hosts: ['~(a)\\1'] }), /^validation-failed \/match\/hosts\/0/],
  ['a path without a slash', exactPath('a'), /^validation-failed \/match\/paths\/0\/value: does not begin/],
  ['a path with a query', exactPath('/a?b'), /the query is no part/],
  ['a path in the form of another vendor', exactPath('/a*'), /take the kind `prefix`/],
  [
    'a star that is not at the end',
    exactPath('/v1.0/*/x'),
    /^validation-failed \/match\/paths\/0\/value: has a `\*` before its end: .*`~\^\/v1\\\.0\/\[\^\/\]\+\/x\$`/,
  ],
  ['a prefix with one within', match({ paths: [{ kind: 'prefix', value: '/*/x' }] }), /`\^\/\[\^\/\]\+\/x`/],
  ['a prefix with a star', match({ paths: [{ kind: 'prefix', value: '/a*' }] }), /needs no `\*`/],
  ['a path with a space', exactPath('/a b'), /write it as `%`/],
  ['a path with half an escape', exactPath('/a%2'), /two hexadecimal digits/],
  ['a path with dot segments', exactPath('/a/../b'), /^rule-never-matches \/match\/paths\/0\/value: .*`\.\.`/],
  ['a path with hidden dot segments', exactPath('/a%2f%2e%2e'), /^rule-never-matches/],
  ['a path that is too long', exactPath(`/${'a'.repeat(200)}`), /more than 200/],
  [
    'a path pattern with a back reference',
    match({ paths: [{ kind: 'regex', value: '(a)\\1' }] }),
    /^validation-failed \/match\/paths\/0\/value/,
  ],
  [
    'a method that is not let in',
    match({ methods: ['GET', 'TRACE'] }),
    /^rule-never-matches \/match\/methods\/1: no client may send TRACE/,
  ],
  [
    'a header that is no token',
    match({ headers: [{ name: 'a b', kind: 'present' }] }),
    /headers\/0\/name: is not a token/,
  ],
  [
    'a value that is not compared',
    match({ headers: [{ name: 'a', kind: 'absent', values: ['x'] }] }),
    /headers\/0\/values: absent is about the name/,
  ],
  ['nothing to compare with', match({ query: [{ name: 'a', kind: 'exact' }] }), /query\/0\/values: is empty/],
  [
    'a prefix of everything',
    match({ cookies: [{ name: 'a', kind: 'prefix', values: [''] }] }),
    /cookies\/0\/values\/0: is empty/,
  ],
  [
    'a header there and absent',
    match({
      headers: [
        { name: 'A', kind: 'present' },
        { name: 'a', kind: 'absent' },
      ],
    }),
    /^rule-never-matches \/match\/headers\/1/,
  ],
  [
    'a service that is not there',
    { forward: [{ backendServiceId: 'svc-0' }] },
    /^reference-not-found \/forward\/0\/backendServiceId/,
  ],
  [
    'a service of another protocol',
    { forward: [{ backendServiceId: tcp }] },
    /^protocol-mismatch \/forward\/0\/backendServiceId/,
  ],
  ['a service twice', { forward: [...forward, ...forward] }, /forward\/1\/backendServiceId: is in the list before/],
  ['no weight at all', { forward: [{ backendServiceId: blue, weight: 0 }] }, /forward\/0\/weight: is 0/],
  [
    'a mirror to itself',
    { forward, mirror: { backendServiceId: blue } },
    /^validation-failed \/mirror\/backendServiceId: is a service that requests go to/,
  ],
  [
    'a mirror without forwarding',
    { ...RESPOND, mirror: { backendServiceId: blue } },
    /^validation-failed \/mirror: goes with `forward`/,
  ],
  ['a rewrite without forwarding', { ...RESPOND, rewrite: { host: 'a.b' } }, /\/rewrite: goes with/],
  ['a redirect that changes nothing', { redirect: { status: 301 } }, /^redirect-loop \/redirect/],
  ['a redirect to no host', { redirect: { host: 'a b' } }, /^validation-failed \/redirect\/host/],
  ['a body where none can be', { respond: { status: 204, body: 'x' } }, /\/respond\/body/],
  ['a rewrite of nothing', { forward, rewrite: {} }, /\/rewrite: changes nothing/],
  [
    'a prefix where there is none',
    { forward, rewrite: { path: { kind: 'prefix', replacement: '/x' } } },
    /rewrite\/path\/kind: needs a rule/,
  ],
  [
    'a group that is not there',
    { forward, rewrite: { path: { kind: 'regex', pattern: '^/(a)', replacement: '/$2' } } },
    /replacement: has \$2, but the pattern has 1/,
  ],
  [
    'a path that is none',
    { forward, rewrite: { path: { kind: 'whole', replacement: 'x' } } },
    /replacement: does not begin/,
  ],
  ['framing', set('Content-Length'), /^validation-failed \/requestHeaders\/0\/name: belongs to the connection/],
  ['a hop-by-hop field', set('Connection'), /belongs to the connection/],
  ['the host', set('host'), /is changed by `rewrite`/],
  ['a forwarding field', set('X-Forwarded-For'), /is switched by `forwarding`/],
  ['a variable that is none', set('x', '$' + '{password}'), /requestHeaders\/0\/value: has the unknown variable/],
  ['half of a surrogate pair', set('x', 'a\ud800b'), /requestHeaders\/0\/value: has half of a surrogate pair/],
  ['a variable without an end', set('x', '$' + '{host'), /without its/],
  [
    'a value to remove',
    { forward, requestHeaders: [{ operation: 'remove', name: 'x', value: 'y' }] },
    /value: is not used by `remove`/,
  ],
  ['a forwarding field in disguise', set('X_Forwarded_For'), /is switched by `forwarding`/],
  ['framing of answers', answerWith('Transfer-Encoding'), /^validation-failed \/responseHeaders\/0\/name/],
];
for (const [what, patch, expected] of WRONG) {
  test(`refused: ${what}`, () => assert.match(refusal(patch), expected));
}

test('a change is checked with what stays', () => {
  const prefixed = accepted({
    forward,
    match: { paths: [{ kind: 'prefix', value: '/a' }] },
    rewrite: { path: { kind: 'prefix', replacement: '/b' } },
  });
  assert.match(refusal({ match: { paths: [] } }, prefixed), /needs a rule whose paths are all of the kind `prefix`/);
  const mirrored = accepted({ forward, mirror: { backendServiceId: green } });
  assert.match(refusal({ forward: [{ backendServiceId: green }] }, mirrored), /requests go to themselves/);
  assert.match(refusal({ forward: null }, mirrored), /is missing/);
  assert.match(refusal(RESPOND, mirrored), /goes with `forward`/);
});
