import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contract, TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import { CHANGE_OPERATIONS, type ChangeSetApplied } from '@evenkeel/model/resources/change-set.ts';
import { createWrites } from '../src/api/writes.ts';
import { Store, type Write } from '../src/store/store.ts';
import { inhabit } from './everything.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { shop } from './shop.ts';
import { SITE, upload } from './tls.ts';

const REF = (name: string) => ({ $ref: name });

/** A load balancer made call by call, each naming what those before it have made. */
const SITE_CHANGES = [
  { operation: 'createCertificate', ref: 'www', body: upload(SITE, { name: 'www' }) },
  { operation: 'createLoadBalancer', ref: 'site', body: { name: 'site' } },
  {
    operation: 'createTargetGroup',
    ref: 'group',
    body: { loadBalancerId: REF('site'), name: 'app', targets: [{ address: '10.0.0.1' }] },
  },
  {
    operation: 'createBackendService',
    ref: 'service',
    body: { loadBalancerId: REF('site'), name: 'app', protocol: 'http', port: 80, targetGroupId: REF('group') },
  },
  {
    operation: 'createListener',
    body: {
      loadBalancerId: REF('site'),
      protocol: 'https',
      port: 443,
      backendServiceId: REF('service'),
      defaultCertificateIds: [REF('www')],
    },
  },
  {
    operation: 'registerTargets',
    params: { targetGroupId: REF('group') },
    body: { targets: [{ address: '10.0.0.2' }] },
  },
];

test('a change set may consist of every call that changes what balances load', () => {
  const writes = Object.keys(createWrites({ list: () => [], since: 0 })) as (keyof typeof contract)[];
  // What belongs to no tenant is changed by itself.
  const ofTenants = writes.filter((operation) => !('reach' in contract[operation]));
  assert.deepEqual([...CHANGE_OPERATIONS].sort(), ofTenants.sort());
});

test('changes that refer to each other are planned without an effect, and applied as one', async (t) => {
  const running = await Running.start(t);
  const planned = await running.call('createChangeSet', { body: { description: 'the site', changes: SITE_CHANGES } });
  assert.deepEqual([planned.status, planned.generation, planned.operationId], ['planned', 0, null]);
  assert.deepEqual(planned.summary, { created: 7, updated: 0, deleted: 0 });
  assert.deepEqual(
    planned.changes.map(({ kind, name, id }) => [kind, name, id]),
    [
      ['loadBalancer', 'site', null],
      ['listener', 'https-443', null],
      ['backendService', 'app', null],
      ['targetGroup', 'app', null],
      ['target', '10.0.0.1', null],
      ['target', '10.0.0.2', null],
      ['certificate', 'www', null],
    ],
  );
  assert.deepEqual(
    planned.impact.listeners.map(({ name, effect, connections }) => [name, effect, connections]),
    [['https-443', 'created', 0]],
  );
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
  assert.deepEqual((await running.call('listRevisions')).items, []);

  const params = { changeSetId: planned.id };
  const first = await running.try('applyChangeSet', { params, headers: { 'if-match': '"0"' } });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const applied = first.body as ChangeSetApplied;
  assert.equal(applied.generation, 1, 'one generation');
  assert.equal(first.headers.get('evenkeel-operation'), applied.operationId);
  const [listener] = (await running.call('listListeners')).items;
  const [service] = (await running.call('listBackendServices')).items;
  assert.equal(listener!.backendServiceId, service!.id);
  assert.deepEqual(
    applied.created.map(({ ref, kind }) => [ref, kind]),
    [
      ['www', 'certificate'],
      ['site', 'loadBalancer'],
      ['group', 'targetGroup'],
      ['service', 'backendService'],
    ],
  );
  assert.equal(listener!.defaultCertificateIds[0], applied.created[0]!.id);

  const again = await Promise.all([1, 2].map(() => running.call('applyChangeSet', { params })));
  assert.deepEqual(again, [applied, applied], 'applied once, answered alike');
  await running.restart();
  assert.deepEqual(await running.call('applyChangeSet', { params }), applied);
  const shown = await running.call('getChangeSet', { params });
  assert.deepEqual([shown.status, shown.appliedGeneration], ['applied', 1]);
  const { items } = await running.call('listRevisions');
  assert.deepEqual(
    items.map(({ action }) => action),
    ['applyChangeSet'],
  );
  const twice = await running.refused('planChangeSet', { params });
  assert.equal(twice.code, 'plan-outdated');
});

test('a change set that is deleted while it is applied is not applied', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createChangeSet', { body: { loadBalancers: [{ name: 'a' }] } });
  const params = { changeSetId: id };
  const write = Store.prototype.write;
  t.mock.method(Store.prototype, 'write', async function (this: Store, asked: Write<unknown>) {
    if (asked.action === 'applyChangeSet') await running.call('deleteChangeSet', { params });
    return write.call(this, asked);
  });
  const refused = await running.refused('applyChangeSet', { params });
  assert.deepEqual([refused.code, refused.status], ['plan-outdated', 409]);
  assert.match(refused.detail, /was deleted or planned again meanwhile/);
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
  assert.equal((await running.refused('applyChangeSet', { params })).code, 'resource-not-found');
});

test('two who apply at the same time get one application and one answer', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createChangeSet', { body: { loadBalancers: [{ name: 'a' }] } });
  const params = { changeSetId: id };
  const answers = await Promise.all([1, 2, 3].map(() => running.call('applyChangeSet', { params })));
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
  assert.equal((await running.call('listRevisions')).items.length, 1);
});

test('what a plan would do to a running service: fields, listeners, connections; and to nobody else', async (t) => {
  const running = await Running.start(t);
  const { service, group, listener, loadBalancer } = await shop(running);
  await running.call('createListener', { body: { loadBalancerId: loadBalancer.id, protocol: 'tcp', port: 9 } });
  const agent = await FakeAgent.connect(running);
  const asked: unknown[] = [];
  agent.answers = ({ kind, question }) => {
    if (kind !== 'connections') return undefined;
    asked.push(question);
    return { answer: { listeners: [{ ...listener, activeConnections: 42 }] } };
  };
  const [first] = (await running.call('listTargets', { params: group })).items;
  const { items: listeners } = await running.call('listListeners');
  const second = listeners.find(({ port }) => port === 9)!;
  await agent.has(2);
  const planned = await running.call('createChangeSet', {
    body: {
      changes: [
        { operation: 'updateBackendService', params: service, body: { drainTimeout: 7 } },
        { operation: 'deregisterTarget', params: { ...group, targetId: first!.id } },
      ],
      loadBalancers: [{ name: 'shop', listeners: [{ name: second.name, protocol: 'tcp', port: 9, enabled: false }] }],
    },
  });
  assert.deepEqual(planned.summary, { created: 0, updated: 2, deleted: 1 });
  assert.deepEqual(planned.impact.listeners, [
    {
      listenerId: second.id,
      name: second.name,
      loadBalancer: 'shop',
      effect: 'ended',
      reasons: ['it is deleted or disabled'],
      connections: 0,
    },
    {
      ...listener,
      name: 'web',
      loadBalancer: 'shop',
      effect: 'draining',
      reasons: ['1 target leaves', 'backend service web changes', 'target group web changes'],
      connections: 42,
    },
  ]);
  assert.equal(planned.impact.connections, 42);
  assert.deepEqual(asked, [{ listenerIds: [second.id, listener.listenerId] }]);
  assert.deepEqual(
    planned.impact.nodes.map(({ node, answered }) => [node, answered]),
    [['node-1', true]],
  );
});

test('what is wrong is said of its place in the change set, and nothing of it is kept', async (t) => {
  const running = await Running.start(t);
  const { listener } = await shop(running);
  const refuse = async (body: object, code: string, field: string) => {
    const problem = await running.refused('createChangeSet', { body });
    assert.deepEqual([problem.code, problem.errors?.[0]?.field], [code, field], problem.detail);
  };
  const change = (operation: string, more: object) => ({ changes: [{ operation, ...more }] });
  await refuse(change('createTenant', { body: { name: 'x' } }), 'validation-failed', '/changes/0/operation');
  await refuse(change('createLoadBalancer', { body: { name: ' ' } }), 'validation-failed', '/changes/0/body/name');
  await refuse(change('createLoadBalancer', {}), 'validation-failed', '/changes/0/body');
  await refuse(change('createLoadBalancer', { body: { name: 'shop' } }), 'name-taken', '/changes/0/body/name');
  await refuse(
    change('updateListener', { params: { listenerId: 'x' }, body: {} }),
    'validation-failed',
    '/changes/0/params/listenerId',
  );
  await refuse(
    change('deleteListener', { params: { listenerId: 'lsn-01hf7yat018zv6cc00' } }),
    'resource-not-found',
    '/changes/0',
  );
  await refuse(change('deleteListener', { params: listener, ifGeneration: 9 }), 'precondition-failed', '/changes/0');
  await refuse(
    change('createElasticIp', { body: {}, ifGeneration: 9 }),
    'validation-failed',
    '/changes/0/ifGeneration',
  );
  await refuse(change('deleteListener', { params: listener, body: {} }), 'validation-failed', '/changes/0/body');
  await refuse(
    change('deleteListener', { params: { listenerId: REF('none') } }),
    'reference-not-found',
    '/changes/0/params/listenerId/$ref',
  );
  await refuse(
    change('updateListener', { params: listener, body: {}, ref: 'a' }),
    'validation-failed',
    '/changes/0/ref',
  );
  const two = [1, 2].map((i) => ({ operation: 'createElasticIp', ref: 'a', body: { name: `e${i}` } }));
  await refuse({ changes: two }, 'name-taken', '/changes/1/ref');
  const bad = [{ name: 'b', listeners: [{ protocol: 'http', port: 80, backendService: 'none' }] }];
  await refuse({ loadBalancers: bad }, 'reference-not-found', '/loadBalancers/0/listeners/0/backendService');
  assert.deepEqual((await running.call('listChangeSets')).items, []);
});

test('something that came along is referred to by kind and name', async (t) => {
  const running = await Running.start(t);
  const site = {
    name: 'site',
    backendServices: [{ name: 'app', protocol: 'http', port: 80 }],
    ruleGroups: [{ name: 'rules' }],
  };
  const rule = (service: object) => ({
    changes: [
      { operation: 'createLoadBalancer', ref: 'site', body: site },
      {
        operation: 'createRule',
        params: { ruleGroupId: { $ref: 'site', kind: 'ruleGroup' } },
        body: { name: 'all', forward: [{ backendServiceId: service }] },
      },
    ],
  });
  const wrong = await running.refused('createChangeSet', {
    body: rule({ $ref: 'site', kind: 'backendService', name: 'other' }),
  });
  assert.equal(wrong.errors![0]!.field, '/changes/1/body/forward/0/backendServiceId');
  const { id } = await running.call('createChangeSet', {
    body: rule({ $ref: 'site', kind: 'backendService', name: 'app' }),
  });
  await running.call('applyChangeSet', { params: { changeSetId: id } });
  const [group] = (await running.call('listRuleGroups')).items;
  const [made] = (await running.call('listRules', { params: { ruleGroupId: group!.id } })).items;
  const [service] = (await running.call('listBackendServices')).items;
  assert.equal(made!.forward![0]!.backendServiceId, service!.id);
});

test('a plan that would do something else by now is refused with the reason; what others do beside it is no hindrance', async (t) => {
  const running = await Running.start(t);
  const { service } = await shop(running);
  const body = { changes: [{ operation: 'updateBackendService', params: service, body: { drainTimeout: 7 } }] };
  const plan = async () => ({ changeSetId: (await running.call('createChangeSet', { body })).id });
  const [first, second] = [await plan(), await plan()];
  await running.call('createLoadBalancer', { body: { name: 'beside' } });
  await running.call('applyChangeSet', { params: first });
  const problem = await running.refused('applyChangeSet', { params: second });
  assert.equal(problem.code, 'plan-outdated');
  assert.deepEqual(problem.errors, [
    { field: 'backendService shop/web', reason: 'was to be updated, and would not be' },
  ]);
  assert.equal((await running.call('listRevisions')).items.length, 3, 'nothing was changed');

  const planned = await running.call('planChangeSet', { params: second });
  assert.deepEqual(planned.summary, { created: 0, updated: 0, deleted: 0 });
  const old = await running.refused('applyChangeSet', { params: second, headers: { 'if-match': '"1"' } });
  assert.equal(old.code, 'precondition-failed');
  const headers = { 'if-match': `"${planned.generation}"` };
  assert.equal((await running.call('applyChangeSet', { params: second, headers })).generation, planned.generation);
});

test('plans are bounded and can be forgotten; another tenant has nothing to do with them', async (t) => {
  const running = await Running.start(t);
  const body = { loadBalancers: [{ name: 'a' }] };
  const made = [];
  for (let i = 0; i < CHANGE_SET.open; i++) made.push(await running.call('createChangeSet', { body }));
  const full = await running.refused('createChangeSet', { body });
  assert.deepEqual(full.quota, { name: 'changeSets', limit: CHANGE_SET.open, used: CHANGE_SET.open });
  const { id: tenantId } = await running.call('createTenant', { body: { name: 'other' } });
  const headers = { [TENANT_HEADER]: tenantId };
  const params = { changeSetId: made[0]!.id };
  for (const name of ['getChangeSet', 'planChangeSet', 'applyChangeSet', 'deleteChangeSet'] as const) {
    assert.equal((await running.refused(name, { params, headers })).code, 'resource-not-found', name);
  }
  assert.deepEqual((await running.call('listChangeSets', { headers })).items, []);
  await running.call('deleteChangeSet', { params });
  await running.call('createChangeSet', { body });
  const page = await running.call('listChangeSets', { query: { limit: 49 } });
  const next = await running.call('listChangeSets', { query: { limit: 49, cursor: page.nextCursor! } });
  assert.deepEqual([page.items.length, next.items.length, next.nextCursor], [49, 1, null]);
});

test('no call within a change set reaches what is of another tenant, or does what the role may not', async (t) => {
  const running = await Running.start(t);
  const theirs = await inhabit(running, 'theirs');
  const own = await inhabit(running, 'own');
  const parametersOf = (path: string) => [...path.matchAll(/\{(\w+)Id\}/g)].map(([, name]) => name!);
  for (const operation of CHANGE_OPERATIONS) {
    const names = parametersOf((contract[operation] as Route).path);
    for (const wrong of names) {
      const params = Object.fromEntries(
        names.map((name) => [`${name}Id`, (name === wrong ? theirs : own).ids[name as 'listener']]),
      );
      const route: Route = contract[operation];
      const valid: Partial<Record<string, object>> = {
        registerTargets: { targets: [{ address: '10.0.0.9' }] },
        updateTargets: { targets: [{ id: own.ids.target }] },
        deregisterTargets: { targetIds: [own.ids.target] },
        createRule: { name: 'r', respond: { status: 404 } },
        replaceRules: { rules: [] },
        associateElasticIp: { loadBalancerId: own.ids.loadBalancer },
        updateCertificate: upload(SITE),
      };
      const body = route.body === undefined ? {} : { body: valid[operation] ?? {} };
      const problem = await running.refused('createChangeSet', {
        body: { changes: [{ operation, params, ...body }] },
        token: own.token,
      });
      assert.equal(problem.code, 'resource-not-found', `${operation} ${wrong}: ${problem.detail}`);
    }
  }
});

test('keys in a change set are in no answer, and in no file as they are', async (t) => {
  const running = await Running.start(t);
  const site = SITE;
  const changes = [{ operation: 'createCertificate', body: upload(site, { name: 'www' }) }];
  const planned = await running.call('createChangeSet', { body: { changes } });
  const secret = site.key.split('\n')[2]!;
  const params = { changeSetId: planned.id };
  const files = () => {
    const folder = join(running.home, 'state');
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
  };
  for (const text of [
    JSON.stringify(planned),
    JSON.stringify(await running.call('getChangeSet', { params })),
    ...files(),
  ]) {
    assert.ok(!text.includes(secret));
  }
  await running.call('applyChangeSet', { params });
  for (const text of files()) assert.ok(!text.includes(secret));
});

test('access policies hold for each change of a set, and for a rollback', async (t) => {
  const running = await Running.start(t);
  const { loadBalancer, service } = await shop(running);
  const { id: revisionId } = (await running.call('listRevisions')).items[0]!;
  await running.call('updateBackendService', { params: service, body: { drainTimeout: 7 } });
  const statements = [{ effect: 'deny', actions: ['*BackendService', 'delete*'], resources: [loadBalancer.id] }];
  const policy = await running.call('createAccessPolicy', { body: { name: 'hands-off', statements } });
  const user = await running.call('createUser', {
    body: { name: 'ann', role: 'operator', accessPolicyIds: [policy.id] },
  });
  const { token } = await running.call('createToken', { body: { userId: user.id } });
  const change = { operation: 'updateBackendService', params: service, body: { drainTimeout: 9 } };
  const refused = await running.refused('createChangeSet', { body: { changes: [change] }, token });
  assert.deepEqual([refused.code, refused.errors?.[0]?.field], ['forbidden', '/changes/0/operation']);
  const documents = [
    {
      name: 'shop',
      backendServices: [{ name: 'web', protocol: 'http', port: 80, drainTimeout: 9 }],
    },
  ];
  assert.equal(
    (await running.refused('createChangeSet', { body: { loadBalancers: documents }, token })).code,
    'forbidden',
  );
  for (const dryRun of [true, false]) {
    const body = { dryRun };
    assert.equal((await running.refused('rollBack', { params: { revisionId }, body, token })).code, 'forbidden');
  }
  // Planned by somebody who may, and applied by somebody who may not.
  const planned = await running.call('createChangeSet', { body: { changes: [change] } });
  const params = { changeSetId: planned.id };
  assert.equal((await running.refused('applyChangeSet', { params, token })).code, 'forbidden');
  await running.call('createChangeSet', { body: { loadBalancers: [{ name: 'another' }] }, token });
});
