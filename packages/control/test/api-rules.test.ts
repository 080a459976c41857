import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import type { RuleInput } from '@evenkeel/model/resources/rule.ts';
import { Running } from './running.ts';

/** A load balancer with two HTTP services, a TCP service and a rule group on its listener. */
async function shop(running: Running) {
  const lb = await running.call('createLoadBalancer', {
    body: {
      name: 'shop',
      backendServices: [
        { name: 'blue', protocol: 'http', port: 80 },
        { name: 'green', protocol: 'http', port: 80 },
        { name: 'raw', protocol: 'tcp', port: 80 },
      ],
      ruleGroups: [{ name: 'sites', order: 'stay-in-host' }],
      listeners: [{ protocol: 'http', port: 80, backendService: 'blue', ruleGroup: 'sites' }],
    },
  });
  const services = (await running.call('listBackendServices')).items;
  const [blue, green, raw] = services.map(({ id }) => id) as [string, string, string];
  const [group] = (await running.call('listRuleGroups', { query: { loadBalancerId: lb.id } })).items;
  const [listener] = (await running.call('listListeners')).items;
  return { lb, blue, green, raw, group: group!, listener: listener! };
}

test('rules are created, listed in order, changed and deleted', async (t) => {
  const running = await Running.start(t);
  const { blue, green, group, listener } = await shop(running);
  const params = { ruleGroupId: group.id };
  assert.deepEqual([group.order, group.ruleCount, listener.ruleGroupId], ['stay-in-host', 0, group.id]);

  const create = (name: string, rest: Omit<RuleInput, 'name'>) =>
    running.call('createRule', { params, body: { name, ...rest } });
  const first = await create('first', {
    match: { hosts: ['WWW.example.com'], paths: [{ kind: 'prefix', value: '/' }] },
    forward: [
      { backendServiceId: blue, weight: 9 },
      { backendServiceId: green, weight: 1 },
    ],
  });
  assert.deepEqual([first.priority, first.match.hosts], [10, ['www.example.com']]);
  const second = await create('second', { redirect: { protocol: 'https', port: 443 } });
  assert.equal(second.priority, 20);
  const before = await create('before', { priority: 5, match: { methods: ['PUT'] }, respond: { status: 405 } });

  const listed = await running.call('listRules', { params, query: { limit: 2 } });
  assert.deepEqual(
    listed.items.map(({ name }) => name),
    ['before', 'first'],
  );
  const rest = await running.call('listRules', { params, query: { limit: 2, cursor: listed.nextCursor! } });
  assert.deepEqual([rest.items.map(({ name }) => name), rest.nextCursor], [['second'], null]);
  const named = await running.call('listRules', { params, query: { name: 'before' } });
  assert.deepEqual(
    named.items.map(({ id }) => id),
    [before.id],
  );

  const rule = { ...params, ruleId: second.id };
  const changed = await running.call('updateRule', {
    params: rule,
    body: { priority: 7, respond: { status: 503, body: 'later' } },
    headers: { 'if-match': `"${second.generation}"` },
  });
  assert.deepEqual(
    [changed.priority, changed.redirect, changed.respond],
    [7, null, { status: 503, contentType: 'text/plain; charset=utf-8', body: 'later' }],
  );
  const moved = await running.call('updateRule', { params: rule, body: { priority: 8, match: { methods: ['GET'] } } });
  assert.deepEqual([moved.priority, moved.match.methods, moved.respond], [8, ['GET'], changed.respond]);
  const stale = { params: rule, body: { priority: 2 }, headers: { 'if-match': `"${second.generation}"` } };
  assert.equal((await running.refused('updateRule', stale)).code, 'precondition-failed');
  await running.call('deleteRule', { params: rule });
  assert.equal((await running.refused('getRule', { params: rule })).code, 'resource-not-found');
  assert.equal((await running.call('getRuleGroup', { params })).ruleCount, 2);

  await running.restart();
  const kept = await running.call('listRules', { params });
  assert.deepEqual(
    kept.items,
    [before, first].map(({ operationId: _, ...own }) => own),
  );
});

test('what is wrong is refused with its field', async (t) => {
  const running = await Running.start(t);
  const { lb, blue, raw, group, listener } = await shop(running);
  const params = { ruleGroupId: group.id };
  await running.call('createRule', { params, body: { name: 'a', forward: [{ backendServiceId: blue }] } });
  const refuse = async (body: object, code: string, field: string) => {
    const problem = await running.refused('createRule', { params, body });
    assert.deepEqual([problem.code, problem.errors?.[0]?.field], [code, field], JSON.stringify(problem));
  };
  const respond = { status: 404 };
  await refuse({ name: 'a', match: { methods: ['GET'] }, respond }, 'name-taken', '/name');
  await refuse({ name: 'b', priority: 10, respond }, 'priority-taken', '/priority');
  await refuse({ name: 'b', respond }, 'rule-never-matches', '/match');
  await refuse({ name: 'b', forward: [{ backendServiceId: raw }] }, 'protocol-mismatch', '/forward/0/backendServiceId');
  await refuse({ name: 'b', match: { sources: ['10.0.0.1/8'] }, respond }, 'validation-failed', '/match/sources/0');
  await refuse({ name: 'b', match: { methods: ['get'] }, respond }, 'validation-failed', '/match/methods/0');
  await refuse({ name: 'b', match: { host: ['a.b'] }, respond }, 'validation-failed', '/match/host');
  await refuse({ name: 'b', respond: { status: 99 } }, 'validation-failed', '/respond/status');
  await refuse({ name: 'b', redirect: { status: 300, path: '/' } }, 'validation-failed', '/redirect/status');
  await refuse({ name: 'b', redirect: { path: '/a b' } }, 'validation-failed', '/redirect/path');
  await refuse({ name: 'b', forward: [] }, 'validation-failed', '/forward');
  await refuse(
    { name: 'b', responseHeaders: [{ operation: 'set', name: 'x', value: 'a\r\nb: c' }], respond },
    'validation-failed',
    '/responseHeaders/0/value',
  );

  const tcp = { loadBalancerId: lb.id, protocol: 'tcp', port: 81, ruleGroupId: group.id };
  const problem = await running.refused('createListener', { body: tcp });
  assert.deepEqual([problem.code, problem.errors![0]!.field], ['protocol-mismatch', '/ruleGroupId']);
  const other = await running.call('createLoadBalancer', { body: { name: 'other' } });
  const foreign = await running.refused('createListener', {
    body: { ...tcp, protocol: 'http', loadBalancerId: other.id },
  });
  assert.equal(foreign.code, 'reference-not-found');
  assert.equal(listener.ruleGroupId, group.id);
});

test('a service that a rule uses is not deleted; a group that is deleted leaves its listeners', async (t) => {
  const running = await Running.start(t);
  const { blue, green, group, listener } = await shop(running);
  const params = { ruleGroupId: group.id };
  const rule = await running.call('createRule', {
    params,
    body: {
      name: 'a',
      match: { hosts: ['a.b'] },
      forward: [{ backendServiceId: blue }],
      mirror: { backendServiceId: green },
    },
  });
  const inUse = await running.refused('deleteBackendService', { params: { backendServiceId: green } });
  assert.equal(inUse.code, 'resource-in-use');
  assert.deepEqual(inUse.usedBy, [{ kind: 'rule', id: rule.id, name: 'a' }]);
  const using = await running.call('listListeners', { query: { ruleGroupId: group.id } });
  assert.deepEqual(
    using.items.map(({ id }) => id),
    [listener.id],
  );

  await running.call('deleteRuleGroup', { params });
  assert.equal((await running.call('getListener', { params: { listenerId: listener.id } })).ruleGroupId, null);
  await running.call('deleteBackendService', { params: { backendServiceId: green } });
});

test('the whole list is replaced, or nothing', async (t) => {
  const running = await Running.start(t);
  const { blue, group } = await shop(running);
  const params = { ruleGroupId: group.id };
  const rule = (name: string, more: object = {}) => ({
    name,
    match: { hosts: [`${name}.example.com`] },
    forward: [{ backendServiceId: blue }],
    ...more,
  });
  const replace = (...rules: object[]) => running.call('replaceRules', { params, body: { rules } });
  const names = async () =>
    (await running.call('listRules', { params })).items.map(({ name, priority }) => `${name} ${priority}`);

  const first = await replace(rule('a', { description: 'x' }), rule('b'), rule('c', { priority: 500 }), rule('d'));
  assert.deepEqual([first.created, first.updated, first.deleted, first.unchanged], [4, 0, 0, 0]);
  assert.deepEqual(await names(), ['a 10', 'b 20', 'c 500', 'd 510']);
  const { items } = await running.call('listRules', { params });

  const second = await replace(rule('b', { priority: 20 }), rule('a'), rule('e'));
  assert.deepEqual([second.created, second.updated, second.deleted, second.unchanged], [1, 1, 2, 1]);
  assert.deepEqual(await names(), ['b 20', 'a 30', 'e 40']);
  const a = await running.call('getRule', { params: { ...params, ruleId: items[0]!.id } });
  assert.deepEqual([a.name, a.description], ['a', '']);

  const same = await replace(rule('b', { priority: 20 }), rule('a'), rule('e'));
  assert.deepEqual([same.unchanged, same.generation], [3, second.generation]);
  const wrong = [rule('z'), rule('y'), rule('z')];
  const problem = await running.refused('replaceRules', { params, body: { rules: wrong } });
  assert.deepEqual([problem.code, problem.errors![0]!.field], ['name-taken', '/rules/2/name']);
  assert.deepEqual(await names(), ['b 20', 'a 30', 'e 40']);
  assert.equal((await replace()).deleted, 3);
});

test('there are quotas of groups and rules', async (t) => {
  const quotas = { ...DEFAULT_QUOTAS, ruleGroupsPerLoadBalancer: 2, rulesPerRuleGroup: 2 };
  const running = await Running.start(t, { quotas });
  const { lb, group } = await shop(running);
  const params = { ruleGroupId: group.id };
  const rule = (name: string) => ({ name, match: { hosts: [`${name}.b`] }, respond: { status: 404 } });
  await running.call('replaceRules', { params, body: { rules: [rule('a'), rule('b')] } });
  for (const [name, body] of [
    ['createRule', rule('c')],
    ['replaceRules', { rules: [rule('a'), rule('b'), rule('c')] }],
  ] as const) {
    const problem = await running.refused(name, { params, body });
    assert.deepEqual(
      [problem.code, problem.quota],
      ['quota-exceeded', { name: 'rulesPerRuleGroup', limit: 2, used: 2 }],
    );
  }
  await running.call('createRuleGroup', { body: { loadBalancerId: lb.id, name: 'second' } });
  const third = await running.refused('createRuleGroup', { body: { loadBalancerId: lb.id, name: 'third' } });
  assert.deepEqual(third.quota, { name: 'ruleGroupsPerLoadBalancer', limit: 2, used: 2 });
});

test('documents carry rule groups; applying one again changes nothing; prune takes what is not named', async (t) => {
  const running = await Running.start(t);
  const document = {
    name: 'shop',
    prune: true,
    backendServices: [
      { name: 'blue', protocol: 'http', port: 80 },
      { name: 'green', protocol: 'http', port: 80 },
    ],
    ruleGroups: [
      {
        name: 'sites',
        rules: [
          {
            name: 'canary',
            match: { hosts: ['a.b'] },
            forward: [
              { backendService: 'blue', weight: 9 },
              { backendService: 'green', weight: 1 },
            ],
          },
          { name: 'rest', redirect: { host: 'a.b' } },
        ],
      },
    ],
    listeners: [{ protocol: 'http', port: 80, ruleGroup: 'sites' }],
  };
  const apply = (more: object = {}) =>
    running.call('applyConfiguration', { body: { loadBalancers: [{ ...document, ...more }] } });
  const changesOf = ({ changes }: Awaited<ReturnType<typeof apply>>) =>
    changes
      .filter(({ action }) => action !== 'unchanged')
      .map(({ action, kind, parent, name }) => `${action} ${kind} ${parent ?? ''} ${name}`);

  const first = await apply();
  assert.ok(changesOf(first).includes('created rule sites canary'));
  const canary = first.changes.find(({ name }) => name === 'canary')!;
  assert.deepEqual(canary.fields.find(({ field }) => field === 'forward')!.after, [
    { backendService: 'blue', weight: 9 },
    { backendService: 'green', weight: 1 },
  ]);
  assert.deepEqual(canary.fields.find(({ field }) => field === 'match.hosts')!.after, ['a.b']);
  const listener = first.changes.find(({ kind }) => kind === 'listener')!;
  assert.deepEqual(listener.fields.find(({ field }) => field === 'ruleGroup')!.after, 'sites');
  assert.deepEqual(changesOf(await apply()), []);

  const reordered = {
    ruleGroups: [
      {
        name: 'sites',
        rules: [
          { name: 'new', match: { methods: ['PUT'] }, respond: { status: 405 } },
          ...document.ruleGroups[0]!.rules,
        ],
      },
    ],
  };
  assert.deepEqual(changesOf(await apply(reordered)), [
    'updated rule sites canary',
    'updated rule sites rest',
    'created rule sites new',
  ]);
  const without = await apply({ ruleGroups: [], backendServices: [] });
  assert.deepEqual(changesOf(without), [], 'the listener still uses the group, and the rules use the services');
  const detached = await apply({
    ruleGroups: [],
    backendServices: [],
    listeners: [{ protocol: 'http', port: 80, ruleGroup: null }],
  });
  assert.equal(detached.summary.deleted, 6);

  const wrong = {
    ...document,
    ruleGroups: [{ name: 'sites', rules: [{ name: 'x', forward: [{ backendService: 'none' }] }] }],
  };
  const problem = await running.refused('applyConfiguration', { body: { loadBalancers: [wrong] } });
  assert.deepEqual(
    [problem.code, problem.errors![0]!.field],
    ['reference-not-found', '/loadBalancers/0/ruleGroups/0/rules/0/forward/0/backendService'],
  );

  const raw = { name: 'raw', protocol: 'tcp', port: 80 };
  const tcp = { name: 'x', forward: [{ backendService: 'raw' }] };
  const mixed = { name: 'mixed', backendServices: [raw], ruleGroups: [{ name: 'g', rules: [tcp] }] };
  const mismatch = await running.refused('applyConfiguration', { body: { loadBalancers: [mixed] } });
  const field = '/loadBalancers/0/ruleGroups/0/rules/0/forward/0/backendService';
  assert.deepEqual([mismatch.code, mismatch.errors![0]!.field], ['protocol-mismatch', field]);
  assert.ok(mismatch.detail.startsWith(`${field}: `), mismatch.detail);
});
