import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { shop } from './shop.ts';
import { SITE, upload } from './tls.ts';

/** The configuration as the API tells it, without what a change leaves on what it has touched. */
async function contentsOf(running: Running) {
  const lists = [];
  for (const name of [
    'listLoadBalancers',
    'listListeners',
    'listBackendServices',
    'listTargetGroups',
    'listRuleGroups',
    'listElasticIps',
    'listCertificates',
  ] as const) {
    lists.push((await running.call(name)).items);
  }
  for (const { id } of (await running.call('listTargetGroups')).items) {
    lists.push((await running.call('listTargets', { params: { targetGroupId: id } })).items);
  }
  for (const { id } of (await running.call('listRuleGroups')).items) {
    lists.push((await running.call('listRules', { params: { ruleGroupId: id } })).items);
  }
  const stamps = new Set(['generation', 'createdAt', 'updatedAt', 'status', 'nodes']);
  return JSON.parse(JSON.stringify(lists, (key, value) => (stamps.has(key) ? undefined : value))) as unknown;
}

const newest = async (running: Running) => (await running.call('listRevisions', { query: { limit: 1 } })).items[0]!;

test('every write of the configuration makes a revision that says who, what and from what to what', async (t) => {
  const running = await Running.start(t);
  const { group, loadBalancer } = await shop(running);
  const user = await running.call('createUser', { body: { name: 'ann', role: 'operator' } });
  const { token } = await running.call('createToken', { body: { userId: user.id } });
  const [target] = (await running.call('listTargets', { params: group })).items;
  const body = { weight: 77 };
  const changed = await running.call('updateTarget', { params: { ...group, targetId: target!.id }, body, token });

  const { items } = await running.call('listRevisions');
  assert.deepEqual(
    items.map(({ action, actor, summary }) => [action, actor === user.id ? 'ann' : actor, summary]),
    [
      ['updateTarget', 'ann', { created: 0, updated: 1, deleted: 0 }],
      ['createLoadBalancer', items[1]!.actor, { created: 6, updated: 0, deleted: 0 }],
    ],
  );
  assert.equal(items[0]!.id, String(changed.generation));
  assert.equal(items[0]!.operationId, changed.operationId);
  const shown = await running.call('getRevision', { params: { revisionId: items[0]!.id } });
  assert.deepEqual(shown.changes, [
    {
      action: 'updated',
      kind: 'target',
      id: target!.id,
      name: '10.0.0.1',
      loadBalancer: 'shop',
      parent: 'web',
      fields: [{ field: 'weight', before: 10, after: 77 }],
    },
  ]);
  const page = await running.call('listRevisions', { query: { limit: 1 } });
  const next = await running.call('listRevisions', { query: { limit: 1, cursor: page.nextCursor! } });
  assert.deepEqual([page.items[0]!.id, next.items[0]!.id, next.nextCursor], [items[0]!.id, items[1]!.id, null]);

  await running.call('updateLoadBalancer', { params: { loadBalancerId: loadBalancer.id }, body: {} });
  assert.equal((await newest(running)).id, items[0]!.id, 'what changes nothing makes none');
});

test('a rollback brings back what was deleted and changed, deletes what was created, and can be taken back', async (t) => {
  const running = await Running.start(t);
  const { loadBalancer, listener, service, group } = await shop(running);
  const certificate = await running.call('createCertificate', { body: upload(SITE, { name: 'www' }) });
  await running.call('createListener', {
    body: {
      ...{ loadBalancerId: loadBalancer.id },
      protocol: 'https',
      port: 443,
      defaultCertificateIds: [certificate.id],
    },
  });
  const eip = await running.call('createElasticIp', { body: { name: 'public' } });
  await running.call('associateElasticIp', {
    params: { elasticIpId: eip.id },
    body: { loadBalancerId: loadBalancer.id },
  });
  const ruleGroup = await running.call('createRuleGroup', {
    body: {
      loadBalancerId: loadBalancer.id,
      name: 'rules',
      rules: [{ name: 'r', forward: [{ ...service, weight: 3 }] }],
    },
  });
  await running.call('updateListener', { params: listener, body: { ruleGroupId: ruleGroup.id } });
  const before = await contentsOf(running);
  const { id: revisionId } = await newest(running);

  await running.call('deleteLoadBalancer', { params: { loadBalancerId: loadBalancer.id } });
  await running.call('deleteElasticIp', { params: { elasticIpId: eip.id } });
  await running.call('deleteCertificate', { params: { certificateId: certificate.id } });
  await running.call('createLoadBalancer', { body: { name: 'shop', vip: loadBalancer.vip } });
  const after = await contentsOf(running);
  const { id: latest } = await newest(running);

  const params = { revisionId };
  const preview = await running.call('rollBack', { params, body: { dryRun: true } });
  assert.deepEqual([preview.operationId, preview.generation], [null, Number(latest)]);
  assert.deepEqual(await contentsOf(running), after, 'a dry run changes nothing');
  const answer = await running.try('rollBack', { params, body: {} });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(await contentsOf(running), before);
  const { summary, operationId } = answer.body as { summary: object; operationId: string };
  assert.deepEqual(summary, preview.summary);
  assert.equal(answer.headers.get('evenkeel-operation'), operationId);
  assert.equal((await newest(running)).action, 'rollBack');

  await running.restart();
  assert.deepEqual(await contentsOf(running), before);
  await running.call('rollBack', { params: { revisionId: latest }, body: {} });
  assert.deepEqual(await contentsOf(running), after);
  await running.call('rollBack', { params: { revisionId: (await newest(running)).id }, body: { before: true } });
  assert.deepEqual(await contentsOf(running), before, 'before a revision is what its predecessor left');
  assert.equal((await running.call('listTargets', { params: group })).items.length, 2);
});

test('a rollback leaves the entries of all else as they are, and tells what it touches with its connections', async (t) => {
  const running = await Running.start(t);
  const { service, listener } = await shop(running);
  await running.call('createLoadBalancer', {
    body: {
      name: 'other',
      listeners: [{ protocol: 'tcp', port: 81, service: { targets: [{ address: '10.0.0.3' }] } }],
    },
  });
  const agent = await FakeAgent.connect(running);
  await agent.has(2);
  agent.answers = ({ kind, question }) =>
    kind === 'connections'
      ? { answer: { listeners: question.listenerIds.map((listenerId) => ({ listenerId, activeConnections: 7 })) } }
      : undefined;
  const entries = (): Map<string, PlanEntry> => new Map(agent.plan.entries);
  const before = entries();
  const { id: revisionId } = await newest(running);
  const body = { algorithm: 'least-connections' as const };
  const { generation } = await running.call('updateBackendService', { params: service, body });
  await agent.has(generation);

  const preview = await running.call('rollBack', { params: { revisionId }, body: { dryRun: true } });
  assert.deepEqual(preview.impact.listeners, [
    {
      ...listener,
      name: 'web',
      loadBalancer: 'shop',
      effect: 'new-connections',
      reasons: ['backend service web changes'],
      connections: 7,
    },
  ]);
  assert.deepEqual([preview.impact.touched, preview.impact.connections], [1, 7]);
  assert.deepEqual(
    preview.impact.nodes.map(({ node, answered }) => [node, answered]),
    [['node-1', true]],
  );

  const messages = agent.messages.length;
  const rolled = await running.call('rollBack', { params: { revisionId }, body: {} });
  await agent.has(rolled.generation);
  const after = entries();
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  for (const [key, { hash }] of before) assert.equal(after.get(key)!.hash, hash, key);
  const deltas = agent.messages.slice(messages).filter(({ type }) => type === 'delta');
  assert.deepEqual(
    deltas.flatMap((delta) => (delta as { upserts: readonly PlanEntry[] }).upserts.map(({ key }) => key)),
    [`service/${service.backendServiceId}`],
    'nodes are told of what was changed back, and of nothing else',
  );
});

test('what cannot come back is refused with the field, and nothing has changed', async (t) => {
  const running = await Running.start(t);
  const { loadBalancer } = await shop(running);
  const { id: revisionId } = await newest(running);
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: loadBalancer.id } });
  const { id: tenantId } = await running.call('createTenant', { body: { name: 'other' } });
  const headers = { [TENANT_HEADER]: tenantId };
  const theirs = await running.call('createLoadBalancer', { body: { vip: loadBalancer.vip }, headers });
  for (const dryRun of [true, false]) {
    const problem = await running.refused('rollBack', { params: { revisionId }, body: { dryRun } });
    assert.deepEqual([problem.code, problem.errors?.[0]?.field], ['address-taken', '/loadBalancers/shop/vip']);
  }
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: theirs.id }, headers });
  const { id: own } = (await running.call('listTenants')).items.find(({ name }) => name === 'default')!;
  await running.call('updateTenant', { params: { tenantId: own }, body: { quotas: { targetsPerTargetGroup: 1 } } });
  const problem = await running.refused('rollBack', { params: { revisionId }, body: {} });
  assert.deepEqual(
    [problem.code, problem.quota],
    ['quota-exceeded', { name: 'targetsPerTargetGroup', limit: 1, used: 0 }],
    problem.detail,
  );
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
  const foreign = await running.refused('rollBack', { params: { revisionId }, body: {}, headers });
  assert.equal(foreign.code, 'resource-not-found');
});

test('a rollback does not delete what is protected', async (t) => {
  const running = await Running.start(t);
  await shop(running);
  const { id: revisionId } = await newest(running);
  const guarded = await running.call('createLoadBalancer', { body: { name: 'guarded', deletionProtection: true } });
  const params = { revisionId };
  const problem = await running.refused('rollBack', { params, body: {} });
  assert.deepEqual(
    [problem.code, problem.errors?.[0]?.field],
    ['deletion-protected', '/loadBalancers/guarded/deletionProtection'],
  );
  const body = { deletionProtection: false };
  await running.call('updateLoadBalancer', { params: { loadBalancerId: guarded.id }, body });
  assert.equal((await running.call('rollBack', { params, body: {} })).summary.deleted, 1);
});

test('two revisions are compared, and a revision with what is there now', async (t) => {
  const running = await Running.start(t);
  const { service } = await shop(running);
  const first = await newest(running);
  const set = (algorithm: 'least-connections' | 'source-ip') =>
    running.call('updateBackendService', { params: service, body: { algorithm } });
  await set('least-connections');
  const second = await newest(running);
  await set('source-ip');
  const algorithms = async (from: string, to?: string) => {
    const query = { ...(to !== undefined && { to }) };
    const { changes } = await running.call('compareRevision', { params: { revisionId: from }, query });
    return changes.flatMap(({ kind, fields }) => fields.map(({ before, after }) => [kind, before, after]));
  };
  assert.deepEqual(await algorithms(first.id, second.id), [['backendService', 'round-robin', 'least-connections']]);
  assert.deepEqual(await algorithms(second.id, first.id), [['backendService', 'least-connections', 'round-robin']]);
  assert.deepEqual(await algorithms(first.id), [['backendService', 'round-robin', 'source-ip']]);
  assert.deepEqual(await algorithms((await newest(running)).id), []);
});
