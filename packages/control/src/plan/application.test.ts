import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIntact } from '@evenkeel/model/plan/delta.ts';
import { hashEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlannedKind, PlannedObjects } from '@evenkeel/model/plan/plan.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { updateBackendService } from '../resources/backend-services.ts';
import { updateListener } from '../resources/listeners.ts';
import { rotateKey } from '../resources/stickiness-keys.ts';
import { updateRule } from '../routing/rules.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { type CompiledPlan, compile } from './compile.ts';

/** How stickiness, rules and the settings of HTTP come into plans. */

const context = draftContext(seeded(7));

function stateOf(document: Parameters<typeof createFromDocument>[1]): State {
  const draft = new Draft(EMPTY_STATE, context);
  createFromDocument(draft, document);
  return draft.finish();
}

function valuesOf<K extends PlannedKind>(plan: CompiledPlan, kind: K): PlannedObjects[K][] {
  return [...plan.entries.values()].flatMap((entry) => (entry.kind === kind ? [entry.value as PlannedObjects[K]] : []));
}

const SITES = {
  name: 'a',
  backendServices: [
    { name: 'blue', protocol: 'http' as const, port: 80 },
    { name: 'green', protocol: 'http' as const, port: 80 },
  ],
  ruleGroups: [
    {
      name: 'sites',
      order: 'fall-through' as const,
      rules: [
        {
          name: 'late',
          priority: 20,
          match: {
            hosts: ['*.A.b', 'a.*', '~^x$'],
            paths: [{ kind: 'prefix' as const, value: '/v', ignoreCase: true }],
          },
          forward: [
            { backendService: 'blue', weight: 9 },
            { backendService: 'green', weight: 1 },
          ],
          rewrite: { path: { kind: 'prefix' as const, replacement: '/w' } },
          requestHeaders: [{ operation: 'remove' as const, name: 'X-A' }],
        },
        {
          name: 'early',
          priority: 10,
          match: { sources: ['10.0.0.1'] },
          forward: [{ backendService: 'blue' }],
          mirror: { backendService: 'green', percent: 5 },
          jwt: { keys: [{ kty: 'oct', k: 'A'.repeat(43) }], algorithms: ['HS256' as const], audience: 'shop' },
        },
        {
          name: 'moved',
          priority: 30,
          match: { methods: ['GET'] },
          redirect: { status: 308 as const, protocol: 'https' as const, port: 0 },
        },
        { name: 'gone', priority: 40, match: { methods: ['PUT'] }, respond: { status: 410 } },
      ],
    },
  ],
  listeners: [{ protocol: 'http' as const, port: 80, backendService: 'blue', ruleGroup: 'sites' }],
};

test('a rule group is planned in order, with everything resolved', () => {
  const plan = compile(stateOf(SITES), null);
  const [group] = valuesOf(plan, 'rule-group');
  const [listener] = valuesOf(plan, 'listener');
  const [blue, green] = valuesOf(plan, 'service').map(({ id }) => id);
  assert.equal(listener!.ruleGroupId, group!.id);
  assert.deepEqual([group!.name, group!.order], ['sites', 'fall-through']);
  assert.deepEqual(
    group!.rules.map(({ name, priority }) => [name, priority]),
    [
      ['early', 10],
      ['late', 20],
      ['moved', 30],
      ['gone', 40],
    ],
  );
  const [early, late, moved, gone] = group!.rules;
  const none = { hosts: [], paths: [], methods: [], headers: [], cookies: [], query: [], sources: [] };
  assert.deepEqual(early!.match, { ...none, sources: ['10.0.0.1/32'] });
  assert.deepEqual(early!.mirror, { serviceId: green, percent: 5 });
  assert.deepEqual(early!.jwt, {
    keys: `{"keys":[{"kty":"oct","k":"${'A'.repeat(43)}"}]}`,
    algorithms: ['HS256'],
    issuer: null,
    audience: 'shop',
    leeway: 60,
    claims: [],
  });
  assert.deepEqual(late!.match.hosts, [
    { kind: 'prefix-wildcard', value: 'a.b' },
    { kind: 'suffix-wildcard', value: 'a' },
    { kind: 'regex', value: '^x$' },
  ]);
  assert.deepEqual(late!.match.paths, [{ kind: 'prefix', value: '/v', ignoreCase: true }]);
  assert.deepEqual(late!.rewrite, { host: null, path: { kind: 'prefix', pattern: '', replacement: '/w' } });
  assert.deepEqual(late!.requestHeaders, [{ operation: 'remove', name: 'X-A', value: '' }]);
  assert.deepEqual(late!.action, {
    type: 'forward',
    services: [
      { serviceId: blue, weight: 9 },
      { serviceId: green, weight: 1 },
    ],
  });
  assert.deepEqual(moved!.action, {
    type: 'redirect',
    status: 308,
    protocol: 'https',
    host: null,
    port: 0,
    path: null,
    query: null,
  });
  assert.deepEqual(gone!.action, { type: 'respond', status: 410, contentType: 'text/plain; charset=utf-8', body: '' });
  for (const { key, hash, value } of plan.entries.values()) assert.equal(hash, hashEntry(key, value), key);
  assert.ok(isIntact(plan));
});

test('a rule that changes makes another entry of its group alone; a group that nobody uses makes none', () => {
  const state = stateOf(SITES);
  const before = compile(state, null);
  const draft = new Draft(state, context);
  const [tree] = [...draft.loadBalancers.values()];
  const [rules] = [...tree!.ruleGroups.values()];
  const [rule] = [...rules!.rules.values()];
  updateRule(draft, rule!, { match: { methods: ['GET'] } });
  const after = compile(draft.finish(), before);
  const changed = [...after.entries].filter(([key, entry]) => before.entries.get(key) !== entry).map(([key]) => key);
  assert.deepEqual(changed, [`rule-group/${rules!.group.id}`]);
  const [old] = valuesOf(before, 'rule-group');
  const [planned] = valuesOf(after, 'rule-group');
  assert.deepEqual(
    planned!.rules.map((one) => old!.rules.includes(one)),
    [true, false, true, true],
    'rules that did not change are the same objects',
  );

  const detached = new Draft(draft.finish(), context);
  const [listener] = [...[...detached.loadBalancers.values()][0]!.listeners.values()];
  updateListener(detached, listener!, { ruleGroupId: null });
  assert.deepEqual(valuesOf(compile(detached.finish(), after), 'rule-group'), []);
});

test('settings of listeners and services: times in milliseconds, a key that stays', () => {
  const state = stateOf({
    name: 'a',
    listeners: [
      {
        protocol: 'http',
        port: 80,
        trustedProxies: ['10.0.0.0/8'],
        acceptProxyProtocol: true,
        desyncMode: 'strict',
        upgradeIdleTimeout: 90,
        compression: true,
        relativeRedirects: true,
        responseHeaders: [{ operation: 'remove', name: 'Server' }],
        errorPages: [
          { status: 503, body: 'later' },
          { status: 504, location: '/sorry' },
        ],
        forwarding: { clientAddress: 'replace', port: true },
        service: {
          stickiness: { type: 'cookie', cookieName: 'where', expiry: 60 },
          proxyProtocol: 'v2',
          transparent: true,
          targets: [{ address: '10.0.0.1', state: 'draining' }],
        },
      },
      { protocol: 'tcp', port: 81, service: { stickiness: { type: 'source-ip', timeout: 9 } } },
    ],
  });
  const plan = compile(state, null);
  const [http, tcp] = valuesOf(plan, 'listener');
  assert.equal(tcp!.http, null);
  assert.deepEqual([http!.trustedProxies, http!.acceptProxyProtocol], [['10.0.0.0/8'], true]);
  assert.deepEqual(http!.http, {
    forwarding: {
      clientAddress: 'replace',
      protocol: false,
      port: true,
      host: false,
      loadBalancerAddress: false,
      clientPort: false,
      standard: false,
    },
    desyncMode: 'strict',
    hstsMaxAge: 0,
    hstsIncludeSubDomains: false,
    upgradeIdleTimeout: 90_000,
    compression: true,
    requestId: 'errors',
    relativeRedirects: true,
    responseHeaders: [{ operation: 'remove', name: 'Server', value: '' }],
    errorPages: [
      { status: 503, contentType: 'text/html; charset=utf-8', body: 'later' },
      { status: 504, contentType: 'text/html; charset=utf-8', body: '', location: '/sorry' },
    ],
  });
  const [sticky, bySource] = valuesOf(plan, 'service');
  const { stickiness } = sticky!;
  assert.ok(stickiness?.type === 'cookie');
  assert.deepEqual([stickiness.cookieName, stickiness.expiry, stickiness.oldKeys], ['where', 60_000, []]);
  assert.equal(Buffer.from(stickiness.key, 'base64').length, 32);
  assert.deepEqual([sticky!.proxyProtocol, sticky!.transparent], [2, true]);
  assert.deepEqual(bySource!.stickiness, { type: 'source-ip', timeout: 9_000 });
  assert.equal(valuesOf(plan, 'group')[0]!.targets[0]!.state, 'draining');

  const rotated = new Draft(state, context);
  const [first] = [...[...rotated.loadBalancers.values()][0]!.services.values()];
  rotateKey(rotated, rotateKey(rotated, first!));
  const [again] = valuesOf(compile(rotated.finish(), null), 'service');
  assert.ok(again!.stickiness?.type === 'cookie');
  assert.equal(again!.stickiness.oldKeys.length, 1);
  assert.ok(
    ![again!.stickiness.key, ...again!.stickiness.oldKeys].includes(stickiness.key),
    'twice, and the first is gone',
  );

  let next = state;
  for (const type of ['none', 'application-cookie', 'cookie'] as const) {
    const draft = new Draft(next, context);
    const [service] = [...[...draft.loadBalancers.values()][0]!.services.values()];
    updateBackendService(draft, service!, { stickiness: { type, cookieName: 'where' } });
    next = draft.finish();
    const planned = valuesOf(compile(next, null), 'service')[0]!.stickiness;
    if (type === 'none') assert.equal(planned, null);
    else if (type === 'application-cookie') assert.deepEqual(planned, { type, cookieName: 'where', timeout: 300_000 });
    else assert.deepEqual(planned, stickiness, 'the key is the one of before');
  }
});
