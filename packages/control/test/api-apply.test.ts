import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import { Running } from './running.ts';

const target = (last: number, more: object = {}) => ({ address: `10.0.0.${last}`, port: 8080, ...more });

const SHOP = {
  name: 'shop',
  targetGroups: [{ name: 'web', targets: [target(1), target(2, { weight: 20, zone: 'local' })] }],
  backendServices: [{ name: 'web', protocol: 'http', port: 80, targetGroup: 'web', healthCheck: { path: '/up' } }],
  listeners: [{ protocol: 'http', port: 80, backendService: 'web' }],
};

const apply = (running: Running, document: object, dryRun = false) =>
  running.call('applyConfiguration', { body: { dryRun, loadBalancers: [document] } });

/** The changes in short: action, kind and name; without what stays as it is. */
function changesOf({ changes }: ConfigurationResult): string[] {
  return changes
    .filter(({ action }) => action !== 'unchanged')
    .map(({ action, kind, name }) => `${action} ${kind} ${name}`);
}

test('a document creates what it names; the same document again changes nothing', async (t) => {
  const running = await Running.start(t);
  const preview = await apply(running, SHOP, true);
  assert.deepEqual(preview.summary, { created: 6, updated: 0, deleted: 0, unchanged: 0 });
  assert.deepEqual([preview.operationId, preview.generation, preview.changes[0]!.id], [null, 0, null]);
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);

  const first = await apply(running, SHOP);
  assert.deepEqual(first.summary, preview.summary);
  assert.equal(first.generation, 1);
  assert.deepEqual(changesOf(first), [
    'created loadBalancer shop',
    'created listener http-80',
    'created backendService web',
    'created targetGroup web',
    'created target 10.0.0.1:8080',
    'created target 10.0.0.2:8080',
  ]);
  const service = first.changes.find(({ kind }) => kind === 'backendService')!;
  const field = (name: string) => service.fields.find((change) => change.field === name);
  assert.deepEqual(field('targetGroup'), { field: 'targetGroup', before: null, after: 'web' });
  assert.deepEqual(field('healthCheck.path'), { field: 'healthCheck.path', before: null, after: '/up' });
  const zones = first.changes.at(-1)!.fields.filter((change) => change.field.startsWith('zone'));
  assert.deepEqual(zones, [{ field: 'zone', before: null, after: 'local' }]);

  const said = Object.fromEntries(
    first.changes.map(({ kind, name, fields }) => [
      `${kind} ${name}`,
      fields.filter(({ after, isDefault }) => !isDefault && after !== null).map((change) => change.field),
    ]),
  );
  assert.deepEqual(said, {
    'loadBalancer shop': ['vip'],
    'listener http-80': ['protocol', 'port', 'backendService'],
    'backendService web': ['protocol', 'port', 'healthCheck.path', 'targetGroup'],
    'targetGroup web': [],
    'target 10.0.0.1:8080': ['address', 'port'],
    'target 10.0.0.2:8080': ['address', 'port', 'weight', 'zone'],
  });
  const unsaid = service.fields.filter(({ isDefault }) => isDefault).map((change) => change.field);
  for (const name of ['drainTimeout', 'healthCheck.interval', 'stickiness.cookieName', 'tls.verify']) {
    assert.ok(unsaid.includes(name), name);
  }
  assert.ok(!unsaid.includes('healthCheck.path'));

  const second = await apply(running, SHOP);
  assert.deepEqual(second.summary, { created: 0, updated: 0, deleted: 0, unchanged: 6 });
  assert.equal(second.generation, 1);
  assert.ok(second.operationId);
});

test('what the document says is made so, what it does not say is left alone', async (t) => {
  const running = await Running.start(t);
  await apply(running, { ...SHOP, description: 'mine' });
  const loadBalancerId = (await running.call('listLoadBalancers')).items[0]!.id;
  await running.call('createListener', { body: { loadBalancerId, protocol: 'tcp', port: 9000 } });

  const result = await apply(running, {
    name: 'shop',
    targetGroups: [{ name: 'web', targets: [target(2, { weight: 0 }), target(3)] }],
    backendServices: [{ name: 'web', protocol: 'http', port: 80, algorithm: 'least-connections' }],
    listeners: [{ protocol: 'http', port: 80, idleTimeout: 9 }],
  });
  assert.deepEqual(changesOf(result), [
    'updated listener http-80',
    'updated backendService web',
    'deleted target 10.0.0.1:8080',
    'updated target 10.0.0.2:8080',
    'created target 10.0.0.3:8080',
  ]);
  const updated = result.changes.find(({ kind }) => kind === 'backendService')!;
  assert.deepEqual(updated.fields, [{ field: 'algorithm', before: 'round-robin', after: 'least-connections' }]);
  const [loadBalancer] = (await running.call('listLoadBalancers')).items;
  const [service] = (await running.call('listBackendServices')).items;
  assert.deepEqual(
    [loadBalancer!.description, service!.healthCheck.path, service!.targetGroupId !== null],
    ['mine', '/up', true],
  );
  const listeners = (await running.call('listListeners')).items;
  assert.deepEqual(
    listeners.map(({ name, backendServiceId }) => [name, backendServiceId !== null]),
    [
      ['http-80', true],
      ['tcp-9000', false],
    ],
  );
  const detached = await apply(running, {
    name: 'shop',
    listeners: [{ protocol: 'http', port: 80, backendService: null }],
  });
  assert.deepEqual(detached.changes.find(({ action }) => action === 'updated')!.fields, [
    { field: 'backendService', before: 'web', after: null },
  ]);
});

test('prune deletes what the document does not name, frees its port first, and keeps what is referred to', async (t) => {
  const running = await Running.start(t);
  await apply(running, {
    name: 'shop',
    targetGroups: [{ name: 'shared' }, { name: 'unused' }],
    backendServices: [
      { name: 'kept', protocol: 'http', port: 80, targetGroup: 'shared' },
      { name: 'gone', protocol: 'http', port: 80 },
    ],
    listeners: [
      { name: 'old', protocol: 'http', port: 80, backendService: 'gone' },
      { name: 'stays', protocol: 'http', port: 81, backendService: 'kept' },
    ],
  });
  const result = await apply(running, {
    name: 'shop',
    prune: true,
    listeners: [
      { name: 'stays', protocol: 'http', port: 81 },
      { name: 'new', protocol: 'tcp', port: 80, service: { targets: [target(1)] } },
    ],
  });
  assert.deepEqual(changesOf(result), [
    'deleted listener old',
    'created listener new',
    'deleted backendService gone',
    'created backendService new',
    'deleted targetGroup unused',
    'created targetGroup new',
    'created target 10.0.0.1:8080',
  ]);
  assert.deepEqual(
    (await running.call('listTargetGroups')).items.map(({ name }) => name),
    ['shared', 'new'],
  );
});

test('a service that its listener carries is found again by name', async (t) => {
  const running = await Running.start(t);
  const document = (weight: number, more: object = {}) => ({
    name: 'shop',
    listeners: [{ protocol: 'tcp', port: 70, service: { targets: [target(1, { weight })], ...more } }],
  });
  await apply(running, document(1));
  assert.deepEqual(changesOf(await apply(running, document(1))), []);
  assert.deepEqual(changesOf(await apply(running, document(2, { drainTimeout: 0 }))), [
    'updated backendService tcp-70',
    'updated target 10.0.0.1:8080',
  ]);
  const [service] = (await running.call('listBackendServices')).items;
  assert.deepEqual([service!.name, service!.protocol, service!.port], ['tcp-70', 'tcp', 70]);
});

test('elastic IPs move with the document', async (t) => {
  const running = await Running.start(t);
  for (const name of ['one', 'two']) await running.call('createElasticIp', { body: { name } });
  await apply(running, { name: 'shop', elasticIp: 'one' });
  assert.deepEqual(changesOf(await apply(running, { name: 'shop' })), []);
  const moved = await apply(running, { name: 'shop', elasticIp: 'two' });
  assert.deepEqual(changesOf(moved), ['updated loadBalancer shop', 'updated elasticIp one', 'updated elasticIp two']);
  await apply(running, { name: 'shop', elasticIp: null });
  assert.equal((await running.call('listLoadBalancers')).items[0]!.elasticIpId, null);
});

test('a document is applied whole or not at all, and the problem points into it', async (t) => {
  const running = await Running.start(t);
  await apply(running, SHOP);
  const refuse = async (loadBalancers: object[], code: string, field: string) => {
    for (const dryRun of [true, false]) {
      const problem = await running.refused('applyConfiguration', { body: { dryRun, loadBalancers } });
      assert.deepEqual([problem.code, problem.errors?.[0]?.field], [code, field]);
    }
  };
  const other = { name: 'other', listeners: [{ protocol: 'http', port: 80, backendService: 'none' }] };
  await refuse(
    [{ ...SHOP, description: 'new' }, other],
    'reference-not-found',
    '/loadBalancers/1/listeners/0/backendService',
  );
  const moved = { ...SHOP, listeners: [{ name: 'http-80', protocol: 'http', port: 81 }] };
  await refuse([moved], 'immutable-field', '/loadBalancers/0/listeners/0/port');
  await refuse([{ ...SHOP, vip: '10.0.0.200' }], 'address-not-allowed', '/loadBalancers/0/vip');
  await refuse([SHOP, SHOP], 'name-taken', '/loadBalancers/1/name');
  const twice = { ...SHOP, listeners: [...SHOP.listeners, ...SHOP.listeners] };
  await refuse([twice], 'name-taken', '/loadBalancers/0/listeners/1/name');
  const service = (last: number) => ({ name: 'x', targets: [target(last)] });
  const inline = [1, 2].map((last) => ({ protocol: 'tcp', port: last, service: service(last) }));
  await refuse([{ name: 'b', listeners: inline }], 'name-taken', '/loadBalancers/0/listeners/1/service/name');
  const both = { name: 'b', targetGroups: [{ name: 'x', targets: [] }], listeners: inline.slice(0, 1) };
  await refuse([both], 'name-taken', '/loadBalancers/0/listeners/0/service/name');
  const doubled = { ...SHOP, targetGroups: [{ name: 'web', targets: [target(1), target(1)] }] };
  await refuse([doubled], 'target-registered', '/loadBalancers/0/targetGroups/0/targets/1');
  const [loadBalancer] = (await running.call('listLoadBalancers')).items;
  assert.equal(loadBalancer!.description, '');
  assert.equal((await running.call('listOperations')).items.length, 1);
});
