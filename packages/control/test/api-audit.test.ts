import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '@evenkeel/model/resources/audit-entry.ts';
import { Running } from './running.ts';
import { SITE, upload } from './tls.ts';

async function userWith(running: Running, name: string, role: string, headers: Record<string, string> = {}) {
  const user = await running.call('createUser', { body: { name, role }, headers });
  const { token, id: tokenId } = await running.call('createToken', { body: { userId: user.id }, headers });
  return { user, token, tokenId };
}

/** The entries once they are of this number: refusals are written a moment after they were answered. */
async function entriesOf(running: Running, query: Record<string, string>, count: number): Promise<AuditEntry[]> {
  for (;;) {
    const { items } = await running.call('listAudit', { query });
    if (items.length >= count) return items;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function linesOf(running: Running, query: Record<string, string> = {}): Promise<AuditEntry[]> {
  const answer = await running.try('exportAudit', { query });
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
  return String(answer.body)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry);
}

const groups = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `g${i}` }));

test('each write is on record: who, from where, by which token, what it was before and is after', async (t) => {
  const running = await Running.start(t);
  const { user, token, tokenId } = await userWith(running, 'ann', 'operator');
  const { id, operationId } = await running.call('createElasticIp', { token, body: { name: 'before' } });
  const params = { elasticIpId: id };
  const update = await running.try('updateElasticIp', { token, params, body: { name: 'after' } });
  await running.call('deleteElasticIp', { token, params });

  const { items } = await running.call('listAudit', { query: { resourceId: id } });
  assert.deepEqual(
    items.map(({ action, change, actorName, generation }) => [action, change, actorName, generation]),
    [
      ['deleteElasticIp', 'deleted', 'ann', 5],
      ['updateElasticIp', 'updated', 'ann', 4],
      ['createElasticIp', 'created', 'ann', 3],
    ],
  );
  const [deleted, updated, created] = items;
  assert.deepEqual([created!.before, deleted!.after], [null, null]);
  assert.deepEqual([updated!.before!['name'], updated!.after!['name']], ['before', 'after']);
  assert.equal(deleted!.before!['name'], 'after');
  assert.deepEqual(
    [updated!.actorId, updated!.credential, updated!.source, updated!.outcome, updated!.code],
    [user.id, { kind: 'token', id: tokenId }, '127.0.0.1', 'done', null],
  );
  assert.equal(updated!.requestId, update.headers.get('request-id'));
  assert.equal(created!.operationId, operationId);
  assert.deepEqual(created!.resource, { kind: 'elasticIp', id, name: 'before' });
  await running.restart();
  assert.deepEqual((await running.call('listAudit', { query: { resourceId: id } })).items, items);
});

test('entries are found by actor, action, kind, outcome and time, page by page', async (t) => {
  const running = await Running.start(t);
  const { user, token } = await userWith(running, 'ann', 'operator');
  for (let i = 0; i < 5; i++) await running.call('createElasticIp', { token, body: { name: `e${i}` } });
  await running.call('createLoadBalancer', { body: { name: 'web' } });
  const found = async (query: Record<string, string | number>) =>
    (await running.call('listAudit', { query })).items.map(({ resource }) => resource?.name);
  assert.deepEqual(await found({ actorId: user.id }), ['e4', 'e3', 'e2', 'e1', 'e0']);
  assert.deepEqual(await found({ actorId: 'admin', resourceKind: 'loadBalancer' }), ['web']);
  assert.deepEqual(await found({ action: 'createUser' }), ['ann']);
  assert.deepEqual(await found({ outcome: 'denied' }), []);

  const first = await running.call('listAudit', { query: { actorId: user.id, limit: 3 } });
  const cursor = first.nextCursor!;
  assert.deepEqual(await found({ actorId: user.id, limit: 3, cursor }), ['e1', 'e0']);
  const { at } = first.items[0]!;
  assert.ok((await found({ from: at })).includes('e4'));
  assert.deepEqual(await found({ to: '2000-01-01T00:00:00Z' }), []);
  assert.deepEqual(await found({ from: '2999-01-01T00:00:00Z' }), []);
  const problem = await running.refused('listAudit', { query: { from: 'yesterday' } });
  assert.equal(problem.errors![0]!.field, 'query from');
});

test('a write of many resources has an entry for each, one that changes nothing has one', async (t) => {
  const running = await Running.start(t);
  const body = { name: 'web', targetGroups: groups(45) };
  const { operationId } = await running.call('createLoadBalancer', { body });
  const entries = await linesOf(running);
  assert.equal(entries.length, 46);
  assert.ok(entries.every((entry) => entry.operationId === operationId && entry.change === 'created'));
  const same = await running.call('applyConfiguration', { body: { loadBalancers: [{ name: 'web' }] } });
  const [newest] = (await running.call('listAudit', { query: { limit: 1 } })).items;
  assert.deepEqual([newest!.operationId, newest!.resource, newest!.change], [same.operationId, null, null]);
});

test('what was refused and denied is on record with the reason, and reads are not', async (t) => {
  const running = await Running.start(t);
  const { token } = await userWith(running, 'bob', 'viewer');
  const eip = await running.call('createElasticIp', { body: { name: 'e' } });
  const params = { elasticIpId: eip.id };
  await running.refused('deleteElasticIp', { token, params });
  await running.refused('createElasticIp', { body: { name: 'e' } });
  await running.refused('listAudit', { token });
  await running.refused('getElasticIp', { params: { elasticIpId: 'eip-01hf7yat018zv6cc00' } });
  await running.refused('createElasticIp', { body: { name: 'x' }, headers: { authorization: 'Bearer nobody' } });
  const [denied] = await entriesOf(running, { outcome: 'denied' }, 1);
  assert.deepEqual(
    [denied!.action, denied!.actorName, denied!.code, denied!.resource, denied!.operationId],
    ['deleteElasticIp', 'bob', 'forbidden', { kind: 'elasticIp', id: eip.id, name: '' }, null],
  );
  assert.match(denied!.detail, /takes the role operator/);
  const refused = await entriesOf(running, { outcome: 'refused' }, 1);
  assert.deepEqual(
    refused.map(({ action, code }) => [action, code]),
    [['createElasticIp', 'name-taken']],
  );
});

test('what is done with files is on record as well', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createBackup', { body: {} });
  await running.call('restoreBackup', { params: { backupId: id }, body: { dryRun: true } });
  await running.call('restoreBackup', { params: { backupId: id }, body: {} });
  await running.call('deleteBackup', { params: { backupId: id } });
  const { items } = await running.call('listAudit');
  assert.deepEqual(
    items.map(({ action, outcome }) => [action, outcome]),
    [
      ['deleteBackup', 'done'],
      ['restoreBackup', 'done'],
      ['createBackup', 'done'],
    ],
  );
});

test('no secret is in the log: no key, no token, no hash of one', async (t) => {
  const running = await Running.start(t);
  const { token, tokenId } = await userWith(running, 'ann', 'operator');
  const { id } = await running.call('createCertificate', { body: upload(SITE, { name: 'site' }) });
  await running.call('updateCertificate', { params: { certificateId: id }, body: upload(SITE) });
  const text = String((await running.try('exportAudit')).body);
  assert.ok(!text.includes(token) && !text.includes('PRIVATE KEY'));
  const entries = await linesOf(running);
  const made = entries.find(({ resource }) => resource?.id === tokenId)!;
  assert.equal(made.after!['hash'], '[secret]');
  const certificate = entries.find(({ resource }) => resource?.id === id)!;
  assert.equal(certificate.after!['privateKey'], '[secret]');
});

test('a tenant has its own log, and who reaches all may read that of all', async (t) => {
  const running = await Running.start(t);
  for (const name of ['a', 'b']) await running.call('createTenant', { body: { name } });
  const of = (name: string) => ({ 'evenkeel-tenant': name });
  const ann = await userWith(running, 'ann', 'admin', of('a'));
  await userWith(running, 'bob', 'admin', of('b'));
  const own = (await running.call('listAudit', { token: ann.token })).items;
  assert.deepEqual(
    own.map(({ resource }) => resource!.kind),
    ['token', 'user'],
  );
  const wide = await running.refused('exportAudit', { token: ann.token, query: { allTenants: 'true' } });
  assert.equal(wide.code, 'forbidden');
  assert.equal((await linesOf(running, { allTenants: 'true' })).length, 6);
  // What became of a tenant is on record where it was done from.
  const { items } = await running.call('listAudit');
  assert.deepEqual(
    items.map(({ action }) => action),
    ['createTenant', 'createTenant'],
  );
});

test('what is about the installation is of the tenant of whoever did it, whichever is acted in: entry, operation, revision', async (t) => {
  const running = await Running.start(t);
  await running.call('createTenant', { body: { name: 'a' } });
  const headers = { 'evenkeel-tenant': 'a' };
  const ann = await userWith(running, 'ann', 'admin', headers);
  const body = { name: 'small', connections: null, connectionsPerSecond: null, requestsPerSecond: null };
  const { id, operationId } = await running.call('createSpecification', { body, headers });
  const params = { operationId };

  const [entry] = (await running.call('listAudit')).items;
  assert.deepEqual([entry!.action, entry!.operationId], ['createSpecification', operationId]);
  assert.equal((await running.call('getOperation', { params })).id, operationId);
  const ofResource = await running.call('listOperations', { query: { resourceId: id } });
  assert.deepEqual(
    ofResource.items.map((operation) => operation.id),
    [operationId],
  );
  // Who has just made it waits for it from where it acted.
  assert.equal((await running.call('getOperation', { params, headers })).id, operationId);

  assert.equal((await running.refused('getOperation', { params, token: ann.token })).code, 'resource-not-found');
  const { items } = await running.call('listOperations', { token: ann.token });
  assert.ok(!items.some(({ action }) => action === 'createSpecification'));
  assert.deepEqual((await running.call('listRevisions', { token: ann.token })).items, []);
});

test('an export goes on where another has ended, and takes more than one page', async (t) => {
  const running = await Running.start(t);
  const loadBalancers = Array.from({ length: 14 }, (_, i) => ({ name: `web-${i}`, targetGroups: groups(50) }));
  await running.call('applyConfiguration', { body: { loadBalancers } });
  const all = await linesOf(running);
  assert.equal(all.length, 14 * 51);
  assert.deepEqual(
    all.map(({ id }) => id),
    all.map(({ id }) => id).toSorted(),
  );
  const rest = await linesOf(running, { after: all[600]!.id });
  assert.deepEqual(rest, all.slice(601));
});

test('many targets or rules of one call are one entry of their group, which shows the first and counts the rest', async (t) => {
  const running = await Running.start(t);
  const loadBalancer = await running.call('createLoadBalancer', { body: { name: 'web' } });
  const loadBalancerId = loadBalancer.id;
  const group = await running.call('createTargetGroup', { body: { loadBalancerId, name: 'pool' } });
  const params = { targetGroupId: group.id };
  const targets = Array.from({ length: 30 }, (_, i) => ({ address: `10.0.0.${i + 1}` }));
  const made = await running.call('registerTargets', { params, body: { targets } });
  const entries = async (operationId: string) =>
    (await running.call('listAudit')).items.filter((entry) => entry.operationId === operationId);
  const [registered, ...more] = await entries(made.operationId);
  assert.deepEqual([more, registered!.change, registered!.before], [[], 'updated', null]);
  assert.deepEqual(registered!.resource, { kind: 'targetGroup', id: group.id, name: 'pool' });
  const after = registered!.after as { targets: { address: string }[]; more: number };
  assert.deepEqual([after.targets.length, after.more, after.targets[0]!.address], [20, 10, '10.0.0.1']);

  const ids = made.targets.slice(0, 2).map(({ id }) => id);
  const changed = await running.call('updateTargets', {
    params,
    body: { targets: ids.map((id) => ({ id, weight: 7 })) },
  });
  const [updated] = await entries(changed.operationId);
  const weights = (side: 'before' | 'after') =>
    (updated![side]!['targets'] as { weight: number }[]).map((one) => one.weight);
  assert.deepEqual(
    [weights('before'), weights('after')],
    [
      [10, 10],
      [7, 7],
    ],
  );
  const single = await running.call('updateTarget', { params: { ...params, targetId: ids[0]! }, body: { weight: 8 } });
  assert.equal((await entries(single.operationId))[0]!.resource!.id, ids[0], 'one alone is an entry of its own');

  const rules = [1, 2, 3].map((i) => ({
    name: `r${i}`,
    match: { paths: [{ kind: 'exact', value: `/${i}` }] },
    respond: { status: 404 },
  }));
  const ruleGroup = await running.call('createRuleGroup', { body: { loadBalancerId, name: 'rules', rules } });
  assert.deepEqual(
    (await entries(ruleGroup.operationId)).map(({ resource, change }) => [resource!.kind, change]).sort(),
    [
      ['ruleGroup', 'created'],
      ['ruleGroup', 'updated'],
    ],
  );
});
