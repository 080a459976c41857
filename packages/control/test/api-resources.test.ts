import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { Running } from './running.ts';
import { fieldsOf, shop, usersOf } from './shop.ts';

test('defaults are those of the requirements', async (t) => {
  const running = await Running.start(t);
  const { lb, listener, service, group } = await shop(running);
  const http = await running.call('getListener', { params: listener });
  assert.deepEqual(
    [http.name, http.enabled, http.idleTimeout, http.headerTimeout, http.accessLog, http.addresses],
    ['web', true, 60, 60, true, ['127.77.0.1']],
  );
  const { items } = await running.call('listTargets', { params: group });
  assert.deepEqual(
    items.map(({ name, port, weight, zone }) => [name, port, weight, zone]),
    [
      ['10.0.0.1', null, 10, ''],
      ['10.0.0.2', null, 10, ''],
    ],
  );
  const backend = await running.call('getBackendService', { params: service });
  assert.deepEqual(
    [backend.name, backend.port, backend.algorithm, backend.drainTimeout, backend.connectTimeout, backend.readTimeout],
    ['web', 80, 'round-robin', 300, 4, 60],
  );
  assert.deepEqual(backend.healthCheck, {
    enabled: true,
    protocol: 'http',
    port: null,
    interval: 5,
    timeout: 3,
    rise: 3,
    fall: 3,
    method: 'GET',
    path: '/',
    host: '',
    httpVersion: '1.0',
    codes: ['2xx', '3xx'],
    send: '',
    expect: '',
    payloadFormat: 'text',
    grpcService: '',
    checksPerConnection: 1,
    tlsVerify: 'auto',
    serverName: '',
  });
  const tcp = await running.call('createListener', { body: { ...lb, protocol: 'tcp', port: 81, service: {} } });
  assert.deepEqual([tcp.name, tcp.idleTimeout], ['tcp-81', 1_800]);
  const [, plain] = (await running.call('listBackendServices', { query: lb })).items;
  assert.equal(plain!.healthCheck.protocol, 'tcp');
});

test('creation of everything in one call is atomic: an error in the last target leaves nothing', async (t) => {
  const running = await Running.start(t);
  const targets = [...Array.from({ length: 50 }, (_, i) => ({ address: `10.0.0.${i + 1}` })), { address: '10.0.0.1' }];
  const body = { name: 'shop', listeners: [{ protocol: 'http', port: 80, service: { targets } }] };
  const problem = await running.refused('createLoadBalancer', { body });
  assert.equal(problem.code, 'target-registered');
  assert.deepEqual(fieldsOf(problem), ['/listeners/0/service/targets/50']);
  for (const list of [
    'listLoadBalancers',
    'listListeners',
    'listBackendServices',
    'listTargetGroups',
    'listOperations',
  ] as const) {
    assert.deepEqual((await running.call(list)).items, [], list);
  }
  targets.pop();
  const created = await running.call('createLoadBalancer', { body });
  assert.equal(created.vip, '127.77.0.1', 'the address was not used up');
  assert.equal(created.generation, 1);
});

test('names are unique in their place, ports within a load balancer', async (t) => {
  const running = await Running.start(t);
  const { lb } = await shop(running);
  const refusals = [
    ['createLoadBalancer', { name: 'shop' }, 'name-taken', '/name'],
    ['createListener', { ...lb, name: 'web', protocol: 'tcp', port: 81 }, 'name-taken', '/name'],
    ['createListener', { ...lb, protocol: 'tcp', port: 80 }, 'port-taken', '/port'],
    ['createBackendService', { ...lb, name: 'web', protocol: 'tcp', port: 81 }, 'name-taken', '/name'],
    ['createTargetGroup', { ...lb, name: 'web' }, 'name-taken', '/name'],
  ] as const;
  for (const [name, body, code, field] of refusals) {
    const problem = await running.refused(name, { body });
    assert.deepEqual([problem.code, fieldsOf(problem)], [code, [field]], name);
  }
  const other = await running.call('createLoadBalancer', { body: { name: 'other' } });
  await running.call('createListener', { body: { loadBalancerId: other.id, name: 'web', protocol: 'tcp', port: 80 } });
  const renamed = await running.refused('updateLoadBalancer', {
    params: { loadBalancerId: other.id },
    body: { name: 'shop' },
  });
  assert.equal(renamed.code, 'name-taken');
  await running.call('updateLoadBalancer', { params: { loadBalancerId: other.id }, body: { name: 'other' } });
});

test('names may be in any script, and nothing else than names', async (t) => {
  const running = await Running.start(t);
  for (const name of ['负载均衡', 'Größe_1', 'a.b-c', 'x'.repeat(80), '𝒳'.repeat(80)]) {
    await running.call('createLoadBalancer', { body: { name } });
    assert.equal((await running.call('listLoadBalancers', { query: { name } })).items[0]!.name, name);
  }
  for (const name of ['', 'a b', 'a/b', '<x>', 'x'.repeat(81), 'a\n', '\u0000', 1]) {
    const problem = await running.refused('createLoadBalancer', { body: { name } });
    assert.deepEqual([...new Set(fieldsOf(problem))], ['/name']);
  }
});

test('what is in use cannot be deleted, and the problem names its users', async (t) => {
  const running = await Running.start(t);
  const { lb, listener, service, group } = await shop(running);
  await running.call('createListener', { body: { ...lb, protocol: 'http', port: 8080, ...service } });
  const inService = await running.refused('deleteBackendService', { params: service });
  assert.deepEqual([inService.code, usersOf(inService)], ['resource-in-use', ['web', 'http-8080']]);
  const inGroup = await running.refused('deleteTargetGroup', { params: group });
  assert.deepEqual([inGroup.code, usersOf(inGroup)], ['resource-in-use', ['web']]);

  for (const { id } of (await running.call('listListeners')).items) {
    await running.call('deleteListener', { params: { listenerId: id } });
  }
  await running.call('deleteBackendService', { params: service });
  await running.call('deleteTargetGroup', { params: group });
  assert.equal((await running.refused('getListener', { params: listener })).code, 'resource-not-found');
  assert.equal((await running.refused('listTargets', { params: group })).code, 'resource-not-found');
});

test('deletion protection holds; deleting a load balancer takes what belongs to it, and keeps its elastic IP', async (t) => {
  const running = await Running.start(t);
  const { lb, listener } = await shop(running);
  const elasticIp = await running.call('createElasticIp', { body: {} });
  const params = { elasticIpId: elasticIp.id };
  await running.call('associateElasticIp', { params, body: lb });
  await running.call('updateLoadBalancer', { params: lb, body: { deletionProtection: true } });
  assert.equal((await running.refused('deleteLoadBalancer', { params: lb })).code, 'deletion-protected');

  await running.call('updateLoadBalancer', { params: lb, body: { deletionProtection: false } });
  await running.call('deleteLoadBalancer', { params: lb });
  for (const list of [
    'listLoadBalancers',
    'listListeners',
    'listBackendServices',
    'listTargetGroups',
    'listTargetHealth',
  ] as const) {
    assert.deepEqual((await running.call(list)).items, [], list);
  }
  assert.equal((await running.refused('getListener', { params: listener })).code, 'resource-not-found');
  assert.equal((await running.call('getElasticIp', { params })).loadBalancerId, null);
});

test('references are checked: existence, the same load balancer, the same protocol', async (t) => {
  const running = await Running.start(t);
  const { lb, service, group } = await shop(running);
  const other = { loadBalancerId: (await running.call('createLoadBalancer', { body: {} })).id };
  const refusals = [
    [
      'createListener',
      { ...other, protocol: 'http', port: 80, ...service },
      'reference-not-found',
      '/backendServiceId',
    ],
    ['createListener', { ...lb, protocol: 'tcp', port: 81, ...service }, 'protocol-mismatch', '/backendServiceId'],
    [
      'createListener',
      { loadBalancerId: 'lb-00000000000000000a', protocol: 'tcp', port: 81 },
      'reference-not-found',
      '/loadBalancerId',
    ],
    [
      'createListener',
      { ...lb, protocol: 'tcp', port: 81, service: { targetGroup: 'none' } },
      'reference-not-found',
      '/service/targetGroup',
    ],
    ['createListener', { ...lb, protocol: 'http', port: 81, ...service, service: {} }, 'validation-failed', '/service'],
    [
      'createBackendService',
      { ...other, name: 'x', protocol: 'tcp', port: 1, ...group },
      'reference-not-found',
      '/targetGroupId',
    ],
    [
      'createBackendService',
      { ...lb, name: 'x', protocol: 'tcp', port: 1, ...group, targets: [] },
      'validation-failed',
      '/targets',
    ],
    ['createLoadBalancer', { elasticIp: 'none' }, 'reference-not-found', '/elasticIp'],
  ] as const;
  for (const [name, body, code, field] of refusals) {
    const problem = await running.refused(name, { body });
    assert.deepEqual([problem.code, fieldsOf(problem)], [code, [field]], JSON.stringify(body));
  }
});

test('ranges of numbers hold at both ends', async (t) => {
  const running = await Running.start(t);
  const { listener, service, group } = await shop(running);
  const [target] = (await running.call('listTargets', { params: group })).items;
  const inTarget = { ...group, targetId: target!.id };
  const cases = [
    ['updateListener', listener, 'idleTimeout', 1, 86_400],
    ['updateListener', listener, 'headerTimeout', 1, 120],
    ['updateBackendService', service, 'drainTimeout', 0, 3_600],
    ['updateBackendService', service, 'connectTimeout', 1, 120],
    ['updateBackendService', service, 'readTimeout', 1, 3_600],
    ['updateTarget', inTarget, 'weight', 0, 100],
  ] as const;
  for (const [name, params, field, low, high] of cases) {
    for (const value of [low, high]) await running.call(name, { params, body: { [field]: value } });
    for (const value of [low - 1, high + 1, low + 0.5, `${low}`, null]) {
      const problem = await running.refused(name, { params, body: { [field]: value } });
      assert.deepEqual(fieldsOf(problem), [`/${field}`], `${field} ${value}`);
    }
  }
  const checks = [
    ['interval', 1, 600],
    ['timeout', 1, 300],
    ['rise', 1, 10],
    ['fall', 1, 10],
  ] as const;
  for (const [field, low, high] of checks) {
    for (const value of [low, high]) {
      const { healthCheck } = await running.call('updateBackendService', {
        params: service,
        body: { healthCheck: { [field]: value } },
      });
      assert.equal(healthCheck[field], value);
    }
    for (const value of [low - 1, high + 1]) {
      const problem = await running.refused('updateBackendService', {
        params: service,
        body: { healthCheck: { [field]: value } },
      });
      assert.deepEqual(fieldsOf(problem), [`/healthCheck/${field}`]);
    }
  }
  for (const codes of [['299-200'], ['99'], ['6xx'], [], ['2xx', 200]]) {
    await running.refused('updateBackendService', { params: service, body: { healthCheck: { codes } } });
  }
});

test('what is fixed after creation says so', async (t) => {
  const running = await Running.start(t);
  const { lb, listener, service, group } = await shop(running);
  for (const [name, params, body] of [
    ['updateListener', listener, { port: 81 }],
    ['updateListener', listener, { protocol: 'tcp' }],
    ['updateBackendService', service, { port: 81 }],
    ['updateLoadBalancer', lb, { type: 'network' }],
    ['updateTargetGroup', group, { type: 'ip' }],
  ] as const) {
    const problem = await running.refused(name, { params, body });
    assert.equal(problem.errors![0]!.reason, 'is fixed after creation', name);
  }
});

test('targets in batches: all or none', async (t) => {
  const running = await Running.start(t, { quotas: { ...DEFAULT_QUOTAS, targetsPerTargetGroup: 510 } });
  const { group } = await shop(running);
  const many = Array.from({ length: 500 }, (_, i) => ({ address: '10.1.0.1', port: i + 1 }));
  const { targets, generation, operationId } = await running.call('registerTargets', {
    params: group,
    body: { targets: many },
  });
  assert.equal(targets.length, 500);
  assert.equal((await running.call('getOperation', { params: { operationId } })).generation, generation);

  const again = await running.refused('registerTargets', {
    params: group,
    body: { targets: [{ address: '::1' }, many[7]] },
  });
  assert.deepEqual([again.code, fieldsOf(again)], ['target-registered', ['/targets/1']]);
  const full = await running.refused('registerTargets', {
    params: group,
    body: { targets: many.map(({ port }) => ({ address: '10.2.0.1', port })) },
  });
  assert.deepEqual(
    [full.code, full.quota],
    ['quota-exceeded', { name: 'targetsPerTargetGroup', limit: 510, used: 502 }],
  );
  const over = await running.refused('registerTargets', { params: group, body: { targets: [...many, many[0]] } });
  assert.equal(over.code, 'validation-failed');
  for (const address of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1']) {
    assert.equal(
      (await running.refused('registerTargets', { params: group, body: { targets: [{ address }] } })).code,
      'address-not-allowed',
    );
  }

  const changes = targets.slice(0, 3).map(({ id }) => ({ id, weight: 0 }));
  const changed = await running.call('updateTargets', { params: group, body: { targets: changes } });
  assert.deepEqual(
    changed.targets.map(({ weight }) => weight),
    [0, 0, 0],
  );
  const wrong = await running.refused('updateTargets', {
    params: group,
    body: { targets: [{ id: targets[4]!.id, weight: 1 }, { id: 'tgt-00000000000000000a' }] },
  });
  assert.deepEqual([wrong.code, fieldsOf(wrong)], ['reference-not-found', ['/targets/1/id']]);
  const untouched = await running.call('getTarget', { params: { ...group, targetId: targets[4]!.id } });
  assert.equal(untouched.weight, 10);

  const ids = targets.map(({ id }) => id);
  const gone = await running.call('deregisterTargets', { params: group, body: { targetIds: ids } });
  assert.equal(gone.targets.length, 500);
  assert.equal((await running.call('getTargetGroup', { params: group })).targetCount, 2);
});

test('quotas name themselves', async (t) => {
  const quotas = {
    ...DEFAULT_QUOTAS,
    loadBalancers: 1,
    listenersPerLoadBalancer: 1,
    backendServicesPerLoadBalancer: 1,
    targetGroupsPerLoadBalancer: 1,
    elasticIps: 0,
  };
  const running = await Running.start(t, { quotas });
  const { lb } = await shop(running);
  for (const [name, body, quota] of [
    ['createLoadBalancer', {}, 'loadBalancers'],
    ['createListener', { ...lb, protocol: 'tcp', port: 81 }, 'listenersPerLoadBalancer'],
    ['createBackendService', { ...lb, name: 'x', protocol: 'tcp', port: 81 }, 'backendServicesPerLoadBalancer'],
    ['createTargetGroup', { ...lb, name: 'x' }, 'targetGroupsPerLoadBalancer'],
    ['createElasticIp', {}, 'elasticIps'],
  ] as const) {
    const problem = await running.refused(name, { body });
    assert.deepEqual([problem.code, problem.quota?.name], ['quota-exceeded', quota]);
  }
});

test('tags and descriptions are kept, bounded, and replaced as a whole', async (t) => {
  const running = await Running.start(t);
  const { lb } = await shop(running);
  const patch = (body: object) => running.call('updateLoadBalancer', { params: lb, body });
  assert.deepEqual((await patch({ tags: { a: '1', 'k/é': '' }, description: 'd' })).tags, { a: '1', 'k/é': '' });
  const second = await patch({ tags: { b: '2' } });
  assert.deepEqual([second.tags, second.description], [{ b: '2' }, 'd']);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, '']));
  for (const tags of [many, { '': 'x' }, { a: 1 }, { a: 'x'.repeat(257) }, [], null]) {
    assert.equal(
      (await running.refused('updateLoadBalancer', { params: lb, body: { tags } })).code,
      'validation-failed',
    );
  }
});
