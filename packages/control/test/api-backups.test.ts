import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { SITE, upload } from './tls.ts';

/** A load balancer with one of everything. */
async function everything(plane: Running) {
  const certificate = await plane.call('createCertificate', { body: upload(SITE, { name: 'www' }) });
  const lb = await plane.call('createLoadBalancer', {
    body: {
      name: 'web',
      backendServices: [{ name: 'app', protocol: 'http', port: 80, targets: [{ address: '10.0.0.1' }] }],
      ruleGroups: [{ name: 'rules', rules: [{ name: 'r', forward: [{ backendService: 'app' }] }] }],
      listeners: [
        { protocol: 'https', port: 8443, backendService: 'app', ruleGroup: 'rules', defaultCertificates: ['www'] },
      ],
    },
  });
  const eip = await plane.call('createElasticIp', { body: { name: 'public' } });
  await plane.call('associateElasticIp', { params: { elasticIpId: eip.id }, body: { loadBalancerId: lb.id } });
  return { certificate, lb };
}

async function whole(plane: Running) {
  const state = {
    lbs: (await plane.call('listLoadBalancers')).items,
    listeners: (await plane.call('listListeners')).items,
    services: (await plane.call('listBackendServices')).items,
    groups: (await plane.call('listTargetGroups')).items,
    rules: (await plane.call('listRuleGroups')).items,
    eips: (await plane.call('listElasticIps')).items,
    certificates: (await plane.call('listCertificates')).items,
  };
  return JSON.parse(
    JSON.stringify(state, (key, value) =>
      /^(generation|createdAt|updatedAt|appliedGeneration)$/.test(key) ? 0 : value,
    ),
  );
}

test('what was deleted and changed since a backup is as it was, under the same identifiers', async (t) => {
  const plane = await Running.start(t);
  const { lb } = await everything(plane);
  const before = await whole(plane);
  const backup = await plane.call('createBackup', { body: { description: 'before the move' } });
  assert.equal(backup.reason, 'manual');
  assert.equal(backup.size > 0, true);

  const [service] = before.services;
  await plane.call('updateBackendService', {
    params: { backendServiceId: service.id },
    body: { algorithm: 'source-ip' },
  });
  await plane.call('createLoadBalancer', { body: { name: 'more' } });
  const [eip] = before.eips;
  await plane.call('disassociateElasticIp', { params: { elasticIpId: eip.id } });
  await plane.call('deleteElasticIp', { params: { elasticIpId: eip.id } });
  const params = { backupId: backup.id };

  const dry = await plane.call('restoreBackup', { params, body: { dryRun: true } });
  assert.deepEqual([dry.operationId, dry.replaced], [null, null]);
  assert.deepEqual(dry.summary, { created: 1, updated: 2, deleted: 1 });
  assert.equal((await plane.call('listLoadBalancers')).items.length, 2);

  const restored = await plane.call('restoreBackup', { params, body: {} });
  assert.deepEqual(restored.summary, dry.summary);
  assert.deepEqual(await whole(plane), before);
  const operation = await plane.call('getOperation', { params: { operationId: restored.operationId! } });
  assert.equal(operation.action, 'restoreBackup');

  // What was there before the restore is in a backup of its own.
  await plane.call('restoreBackup', { params: { backupId: restored.replaced! }, body: {} });
  assert.deepEqual((await plane.call('listLoadBalancers')).items.map(({ name }) => name).sort(), ['more', 'web']);

  // On top of nothing, and after a start: secrets are there as well.
  await plane.call('restoreBackup', { params, body: {} });
  await plane.restart();
  assert.deepEqual(await whole(plane), before);
  assert.equal((await plane.call('getLoadBalancer', { params: { loadBalancerId: lb.id } })).name, 'web');
});

test('a restore that changes nothing makes no new generation', async (t) => {
  const plane = await Running.start(t);
  await everything(plane);
  const { id, configurationGeneration } = await plane.call('createBackup', { body: {} });
  const restored = await plane.call('restoreBackup', { params: { backupId: id }, body: {} });
  assert.deepEqual(restored.summary, { created: 0, updated: 0, deleted: 0 });
  assert.equal(restored.generation, configurationGeneration);
});

test('a backup is whole while writes go on', async (t) => {
  const plane = await Running.start(t);
  const writes = (async () => {
    for (let i = 0; i < 95; i++) await plane.call('createElasticIp', { body: { name: `eip-${i}` } });
  })();
  const made = [];
  for (let i = 0; i < 12; i++) made.push(await plane.call('createBackup', { body: {} }));
  await writes;
  for (const { id, configurationGeneration } of made) {
    const verified = await plane.call('verifyBackup', { params: { backupId: id } });
    assert.deepEqual([verified.sound, verified.detail], [true, '']);
    assert.ok(verified.objects >= configurationGeneration, `${verified.objects} objects at ${configurationGeneration}`);
  }
});

test('a file that has changed is told, and not restored', async (t) => {
  const plane = await Running.start(t);
  await everything(plane);
  const { id, file } = await plane.call('createBackup', { body: {} });
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0xff;
  writeFileSync(file, bytes);
  const verified = await plane.call('verifyBackup', { params: { backupId: id } });
  assert.equal(verified.sound, false);
  assert.match(verified.detail, /checksum/);
  const before = await whole(plane);
  const { status, body } = await plane.try('restoreBackup', { params: { backupId: id }, body: {} });
  assert.deepEqual([status, (body as Problem).code], [409, 'backup-damaged']);
  assert.deepEqual(await whole(plane), before);
});

test('a backup that is no state of ours, or sealed with another key, cannot be restored', async (t) => {
  const plane = await Running.start(t);
  await everything(plane);
  const { id, file } = await plane.call('createBackup', { body: {} });
  const database = new DatabaseSync(file);
  database.exec("update certificate set private_key = '1.00000000.AAAA'");
  database.close();
  const about = join(plane.home, 'backups', `${id}.json`);
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  writeFileSync(about, JSON.stringify({ ...JSON.parse(readFileSync(about, 'utf8')), sha256 }));
  const verified = await plane.call('verifyBackup', { params: { backupId: id } });
  assert.equal(verified.sound, false);
});

test('the policy is shown and changed; bad values are refused with the range', async (t) => {
  const plane = await Running.start(t);
  assert.deepEqual(await plane.call('getBackupPolicy'), {
    enabled: true,
    intervalHours: 24,
    keep: 7,
    testIntervalHours: 168,
    lastSuccessAt: null,
    lastError: null,
    lastTestAt: null,
    lastTestError: null,
  });
  await plane.call('updateBackupPolicy', { body: { keep: 3, enabled: false } });
  await plane.restart();
  const { keep, enabled, intervalHours } = await plane.call('getBackupPolicy');
  assert.deepEqual({ keep, enabled, intervalHours }, { keep: 3, enabled: false, intervalHours: 24 });
  const refused = await plane.try('updateBackupPolicy', { body: { keep: 0 } });
  assert.equal(refused.status, 400);
  assert.equal((refused.body as Problem).errors?.[0]?.field, '/keep');
});

test('deleted backups are gone, and what is not there is 404', async (t) => {
  const plane = await Running.start(t);
  const { id } = await plane.call('createBackup', { body: {} });
  assert.equal((await plane.call('listBackups')).items.length, 1);
  await plane.call('deleteBackup', { params: { backupId: id } });
  assert.equal((await plane.call('listBackups')).items.length, 0);
  for (const name of ['getBackup', 'deleteBackup', 'verifyBackup'] as const) {
    assert.equal((await plane.try(name, { params: { backupId: id } })).status, 404);
  }
  assert.equal((await plane.try('restoreBackup', { params: { backupId: id }, body: {} })).status, 404);
});

test('a restore is about one tenant', async (t) => {
  const plane = await Running.start(t);
  const { id: tenantId } = await plane.call('createTenant', { body: { name: 'other' } });
  const headers = { [TENANT_HEADER]: tenantId };
  await plane.call('createLoadBalancer', { body: { name: 'ours' } });
  await plane.call('createLoadBalancer', { body: { name: 'theirs' }, headers });
  const { id: backupId } = await plane.call('createBackup', { body: {} });
  await plane.call('createLoadBalancer', { body: { name: 'ours-too' } });
  await plane.call('createLoadBalancer', { body: { name: 'theirs-too' }, headers });
  const restored = await plane.call('restoreBackup', { params: { backupId }, body: {}, headers });
  assert.deepEqual(restored.summary, { created: 0, updated: 0, deleted: 1 });
  const names = async (more: object) => (await plane.call('listLoadBalancers', more)).items.map(({ name }) => name);
  assert.deepEqual(await names({ headers }), ['theirs']);
  assert.deepEqual(await names({}), ['ours', 'ours-too']);
});

test('names and ports that were exchanged since go back, and lists stay in order', async (t) => {
  const plane = await Running.start(t);
  const [a, b] = [
    await plane.call('createLoadBalancer', { body: { name: 'a' } }),
    await plane.call('createLoadBalancer', { body: { name: 'b' } }),
  ];
  const ids = [];
  for (const port of [80, 81, 82]) {
    ids.push((await plane.call('createListener', { body: { loadBalancerId: a.id, protocol: 'tcp', port } })).id);
  }
  const before = await whole(plane);
  const { id: backupId } = await plane.call('createBackup', { body: {} });
  const rename = (loadBalancerId: string, name: string) =>
    plane.call('updateLoadBalancer', { params: { loadBalancerId }, body: { name } });
  await rename(a.id, 'old');
  await rename(b.id, 'a');
  await rename(a.id, 'b');
  await plane.call('deleteListener', { params: { listenerId: ids[0]! } });
  await plane.call('restoreBackup', { params: { backupId }, body: {} });
  assert.deepEqual(await whole(plane), before);
  const first = await plane.call('listListeners', { query: { limit: 1 } });
  assert.equal(first.items[0]!.id, ids[0]);
  const next = await plane.call('listListeners', { query: { limit: 2, cursor: first.nextCursor! } });
  assert.deepEqual(
    next.items.map(({ id }) => id),
    ids.slice(1),
  );
});

test('a backup from before a tenant, and an address that another has by now, are refused', async (t) => {
  const plane = await Running.start(t);
  const lb = await plane.call('createLoadBalancer', { body: { name: 'ours' } });
  const { id: backupId } = await plane.call('createBackup', { body: {} });
  const { id: tenantId } = await plane.call('createTenant', { body: { name: 'other' } });
  const headers = { [TENANT_HEADER]: tenantId };
  const params = { backupId };
  const unknown = await plane.try('restoreBackup', { params, body: {}, headers });
  assert.equal((unknown.body as Problem).code, 'reference-not-found');
  await plane.call('deleteLoadBalancer', { params: { loadBalancerId: lb.id } });
  await plane.call('createLoadBalancer', { body: { name: 'theirs', vip: lb.vip }, headers });
  const taken = await plane.try('restoreBackup', { params, body: { dryRun: true } });
  assert.equal((taken.body as Problem).code, 'address-taken');
});

test('the block list of a tenant comes back on top of the one that there is, and no other with it', async (t) => {
  const plane = await Running.start(t);
  const { id: tenantId } = await plane.call('createTenant', { body: { name: 'other' } });
  const headers = { [TENANT_HEADER]: tenantId };
  const block = (source: string, more: object = {}) =>
    plane.call('blockSources', { body: { entries: [{ source, seconds: null, reason: source }] }, ...more });
  await block('192.0.2.1');
  await block('192.0.2.2');
  await block('198.51.100.1', { headers });
  await plane.call('unblockSources', { body: { sources: ['192.0.2.2'] } });
  const { id: backupId } = await plane.call('createBackup', { body: {} });
  const params = { backupId };
  await plane.call('clearBlockList');
  await plane.call('clearBlockList', { headers });
  await block('192.0.2.3');
  const before = await plane.call('restoreBackup', { params, body: {} });
  assert.deepEqual(
    [before.blocked, (await plane.call('getBlockList')).entries],
    [null, 1],
    'not unless it is asked for',
  );

  const dry = await plane.call('restoreBackup', { params, body: { blockList: true, dryRun: true } });
  assert.deepEqual([dry.blocked, (await plane.call('getBlockList')).entries], [2, 1]);
  const restored = await plane.call('restoreBackup', { params, body: { blockList: true } });
  assert.deepEqual([restored.blocked, restored.operationId, restored.changes], [1, null, []]);
  const { items } = await plane.call('listBlockedSources');
  assert.deepEqual(items.map(({ source, reason }) => [source, reason]).sort(), [
    ['192.0.2.1/32', '192.0.2.1'],
    ['192.0.2.3/32', '192.0.2.3'],
  ]);
  assert.deepEqual((await plane.call('listBlockedSources', { headers })).items, []);
  assert.equal((await plane.call('restoreBackup', { params, body: { blockList: true } })).blocked, 0);

  await plane.call('updateQuotas', { body: { quotas: { blockListEntries: 2 } }, headers });
  for (const source of ['203.0.113.1', '203.0.113.2']) await block(source, { headers });
  const refused = await plane.refused('restoreBackup', { params, body: { blockList: true }, headers });
  assert.equal(refused.code, 'quota-exceeded');
  await plane.restart();
  assert.equal((await plane.call('getBlockList')).entries, 2);
});

test('after a restore in place, nodes follow, plans are good for what they say, and the past goes on', async (t) => {
  const plane = await Running.start(t);
  const node = await FakeAgent.connect(plane);
  const { id: loadBalancerId } = await plane.call('createLoadBalancer', { body: { name: 'web' } });
  const listener = { loadBalancerId, protocol: 'tcp', port: 80 };
  const kept = await plane.call('createListener', { body: listener });
  const { id: backupId } = await plane.call('createBackup', { body: {} });
  const since = await plane.call('createListener', { body: { ...listener, port: 81 } });
  await plane.call('deleteListener', { params: { listenerId: kept.id } });
  const plan = (body: object) => plane.call('createChangeSet', { body });
  const same = await plan({ loadBalancers: [{ name: 'web', description: 'x' }] });
  const changes = [{ operation: 'updateListener', params: { listenerId: since.id }, body: { idleTimeout: 7 } }];
  const other = await plan({ changes });
  const portsOf = () =>
    [...node.plan.entries.values()].flatMap((entry) => (entry.kind === 'listener' ? [entry.value.port] : []));
  await node.until(() => portsOf().join() === '81');

  const { operationId, generation } = await plane.call('restoreBackup', { params: { backupId }, body: {} });
  await node.until(() => portsOf().join() === '80');
  const { status } = await plane.call('getOperation', {
    params: { operationId: operationId! },
    query: { wait: 'applied', timeout: 30 },
  });
  assert.equal(status, 'applied');
  // Whether a plan would still do what it says.
  const refused = await plane.refused('applyChangeSet', { params: { changeSetId: other.id } });
  assert.equal(refused.code, 'resource-not-found');
  await plane.call('applyChangeSet', { params: { changeSetId: same.id } });
  const { items } = await plane.call('listRevisions');
  const revision = items.find((one) => one.generation === generation)!;
  assert.equal(revision.action, 'restoreBackup');
});
