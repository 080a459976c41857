import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fingerprintsInToken } from '@evenkeel/model/plan/membership.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import type { AuditEntry } from '@evenkeel/model/resources/audit-entry.ts';
import type { JoinToken, JoinTokenCreated } from '@evenkeel/model/resources/join-token.ts';
import type { Node } from '@evenkeel/model/resources/node.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import type { ControlPlaneOptions } from '../src/options.ts';
import { ProblemError } from '../src/problem.ts';
import { Store } from '../src/store/store.ts';
import { FakeAgent } from './fake-agent.ts';
import { JoiningNode } from './joining-node.ts';
import { Running } from './running.ts';
import { secureCall } from './secure-call.ts';

const HOUR = 3_600_000;

const start = (t: TestContext, more: Partial<ControlPlaneOptions> = {}) =>
  Running.start(t, { tls: { kind: 'self-signed' }, ...more });

async function made(running: Running, body: object = {}): Promise<JoinTokenCreated> {
  const answer = await secureCall(running, 'POST', '/v1/join-tokens', { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as JoinTokenCreated;
}

const zoneMade = async (running: Running, name: string) =>
  assert.equal((await secureCall(running, 'POST', '/v1/zones', { body: { name } })).status, 201);
const tokenOf = async (running: Running, id: string) =>
  (await secureCall(running, 'GET', `/v1/join-tokens/${id}`)).body as JoinToken;
const nodeOf = async (running: Running, id: string) =>
  (await secureCall(running, 'GET', `/v1/nodes/${id}`)).body as Node;

test('a join token is shown once, says by which certificate the API is known, and is kept as a hash', async (t) => {
  const running = await start(t);
  await zoneMade(running, 'east');
  const { token, ...shown } = await made(running, { zone: 'east', uses: 2, ttl: 600, description: 'two machines' });
  assert.match(token, /^ekjoin_[\w-]{43}\.[\w-]{43}$/);
  assert.deepEqual(fingerprintsInToken(token), [running.fingerprint]);
  assert.deepEqual([shown.zone, shown.uses, shown.used, shown.status], ['east', 2, 0, 'active']);
  assert.equal(Date.parse(shown.expiresAt) - Date.parse(shown.createdAt), 600_000);
  assert.deepEqual(await tokenOf(running, shown.id), shown);

  await new JoiningNode('lb-1').joined(running, token);
  const { used, lastUsedAt } = await tokenOf(running, shown.id);
  assert.ok(used === 1 && lastUsedAt !== null);
  await running.restart();
  assert.equal((await tokenOf(running, shown.id)).used, 1, 'what is used stays so');
  const written = ['evenkeel.db', 'evenkeel.db-wal'].map((file) => readFileSync(join(running.home, 'state', file)));
  for (const secret of [token, token.slice(7, 50), 'PRIVATE KEY']) {
    assert.ok(!Buffer.concat(written).includes(secret), `${secret} is on the disk`);
  }
});

test('a token that is used up, ended, revoked, unknown, or for somebody else opens nothing, and says why', async (t) => {
  let ahead = 0;
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() + ahead);
  const running = await start(t);
  const { token, id } = await made(running);
  await zoneMade(running, 'east');
  await new JoiningNode('lb-1').joined(running, token);
  const other = new JoiningNode('lb-2');
  assert.match(await other.refusal(running, token), /^join-token-refused: .*a node has joined with it already; have/);
  assert.equal((await tokenOf(running, id)).status, 'used-up');

  const revoked = await made(running);
  await secureCall(running, 'DELETE', `/v1/join-tokens/${revoked.id}`);
  assert.match(await other.refusal(running, revoked.token), /it was revoked/);
  assert.match(await other.refusal(running, `${token}x`), /it is not known here/);
  const east = await made(running, { zone: 'east' });
  assert.match(
    await other.refusal(running, east.token, { zone: 'west' }),
    /for the zone east, and this node says west/,
  );
  const named = await made(running, { nodeId: 'lb-7' });
  assert.match(await other.refusal(running, named.token), /it is for the node lb-7, and this one is lb-2/);
  assert.equal((await tokenOf(running, named.id)).used, 0, 'who is refused uses nothing up');

  const short = await made(running, { ttl: 60 });
  ahead = 60_000;
  assert.match(await other.refusal(running, short.token), /it ended at 2/);
  assert.equal((await tokenOf(running, short.id)).status, 'expired');
  const { body } = await secureCall(running, 'GET', '/v1/join-tokens?status=active');
  assert.deepEqual(
    (body as { items: JoinToken[] }).items.map((item) => item.id),
    [east.id, named.id],
  );
  ahead = 32 * 24 * HOUR;
  await made(running);
  const all = (await secureCall(running, 'GET', '/v1/join-tokens')).body as { items: JoinToken[] };
  assert.equal(all.items.length, 1, 'those that ended long ago are gone');
});

test('what is wrong with a request to join is said by field, and takes no use', async (t) => {
  const running = await start(t);
  const { token, id } = await made(running);
  const node = new JoiningNode('lb-1');
  for (const [more, words] of [
    [{ node: 'Not A Name' }, /\/node: is no name of a node/],
    [{ node: 'lb-2' }, /\/publicKey: is no key on P-256 that the node has signed with/],
    [{ publicKey: 'AAAA' }, /\/publicKey/],
    [{ proof: '' }, /\/publicKey/],
    [{ token: 7 }, /\/token: must be a text/],
    [{ zone: 'z'.repeat(600) }, /\/zone: must be a text of at most 512 characters/],
    [{ zone: 'not a zone' }, /\/zone: is no name of a zone/],
  ] as const) {
    assert.match(await node.refusal(running, token, more), words);
  }
  assert.match(await new JoiningNode('lb-1', 'secp384r1').refusal(running, token), /\/publicKey/);
  assert.equal((await tokenOf(running, id)).used, 0);
  const wrong = await secureCall(running, 'POST', '/v1/join-tokens', { body: { nodeId: 'lb-1', uses: 2 } });
  assert.equal((wrong.body as Problem).errors![0]!.field, '/uses');
  const nowhere = await secureCall(running, 'POST', '/v1/join-tokens', { body: { zone: 'nowhere' } });
  const { code, errors } = nowhere.body as Problem;
  assert.deepEqual([code, errors![0]!.field], ['reference-not-found', '/zone']);
});

test('the audit log has who made which token, and which node came with it, once each', async (t) => {
  const running = await start(t);
  const { token, id } = await made(running, { nodeId: 'lb-1' });
  await new JoiningNode('lb-1').joined(running, token);
  await secureCall(running, 'DELETE', `/v1/join-tokens/${id}`);
  await secureCall(running, 'DELETE', `/v1/join-tokens/${id}`);
  await secureCall(running, 'POST', '/v1/nodes/lb-1/revoke');
  await secureCall(running, 'DELETE', '/v1/nodes/lb-1');
  const { body } = await secureCall(running, 'GET', '/v1/audit');
  assert.deepEqual(
    (body as { items: AuditEntry[] }).items.map(({ action, actorId, detail }) => [action, actorId, detail]).reverse(),
    [
      ['createJoinToken', 'admin', `${id}: zone any, node lb-1, uses 1`],
      ['agentJoin', id, 'lb-1: zone none'],
      ['revokeJoinToken', 'admin', id],
      ['revokeJoinToken', 'admin', id], // was asked for again
      ['revokeNode', 'admin', 'lb-1'],
      ['forgetNode', 'admin', 'lb-1'],
    ],
  );
});

test('a revocation that the disk had no room for is there after a restart once it was answered', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  await agent.until(() => agent.messages.length > 0);
  const record = t.mock.method(Store.prototype, 'record', () =>
    Promise.reject(new ProblemError('storage-full', 'the disk is full')),
  );
  const revoke = () => running.refused('revokeNode', { params: { nodeId: 'node-1' } });
  for (let i = 0; i < 2; i++) assert.equal((await revoke()).code, 'storage-full');
  assert.equal((await agent.ended).code, 4410);
  record.mock.restore();
  await running.call('revokeNode', { params: { nodeId: 'node-1' } });
  await running.restart();
  assert.equal((await running.call('getNode', { params: { nodeId: 'node-1' } })).state, 'revoked');
});

test('a node that has lost the answer asks again; a token for any node takes no name away', async (t) => {
  const running = await start(t);
  const { token, id } = await made(running);
  const node = await new JoiningNode('lb-1').joined(running, token);
  const { certificate } = node;
  await node.joined(running, token);
  assert.notEqual(node.certificate, certificate);
  assert.equal((await tokenOf(running, id)).used, 1);
  assert.equal(await node.stream(running), '101');

  const any = await made(running, { uses: 5 });
  const thief = new JoiningNode('lb-1');
  assert.match(await thief.refusal(running, any.token), /^node-refused: there is a node lb-1 with a certificate until/);
  const named = await made(running, { nodeId: 'lb-1' });
  await thief.joined(running, named.token);
  assert.equal(await thief.stream(running), '101');
  assert.match(await node.stream(running), /^node-refused: .*another node has joined under its name/);
});

test('a certificate is good for its node until it ends, is revoked or forgotten, across restarts', async (t) => {
  let ahead = 0;
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() + ahead);
  const running = await start(t);
  const { token } = await made(running, { uses: 3, ttl: 30 * 86_400 });
  const node = await new JoiningNode('lb-1').joined(running, token);
  const x509 = new X509Certificate(node.certificate);
  assert.deepEqual([x509.ca, x509.keyUsage], [false, ['1.3.6.1.5.5.7.3.2']]);
  assert.ok(Math.abs(x509.validToDate.getTime() - now() - 168 * HOUR) < HOUR);
  assert.equal(await node.stream(running), '101');
  await running.restart();
  assert.equal(await node.stream(running), '101');
  const shown = await nodeOf(running, 'lb-1');
  assert.equal(shown.state, 'not-ready');
  assert.equal(shown.certificate!.serialNumber, x509.serialNumber.toLowerCase());

  const stranger = issue({ commonName: 'lb-1', usage: 'clientAuth' } as never);
  assert.match(await node.stream(running, stranger), /^node-refused: .*not one of this installation/);

  ahead = 169 * HOUR;
  assert.match(
    await node.stream(running),
    /^node-refused: .*certificate was good until .*; have it join with a new token/,
  );
  await new JoiningNode('lb-1').joined(running, token); // a name is free whose certificate has ended
  ahead = 0;
  const named = await made(running, { nodeId: 'lb-1' });
  const successor = await new JoiningNode('lb-1').joined(running, named.token);
  assert.equal(await successor.stream(running), '101');

  assert.equal((await secureCall(running, 'POST', '/v1/nodes/lb-1/revoke')).status, 200);
  assert.equal((await nodeOf(running, 'lb-1')).state, 'revoked');
  assert.match(await successor.stream(running), /^node-revoked: .*it was revoked/);
  assert.match(await new JoiningNode('lb-1').refusal(running, token), /the node lb-1 was revoked; forget it first, or/);
  await running.restart();
  assert.match(await successor.stream(running), /it was revoked/);
  assert.equal((await secureCall(running, 'DELETE', '/v1/nodes/lb-1')).status, 200);
  assert.match(await successor.stream(running), /^node-revoked: .*it was revoked/, 'also when it is forgotten');
  assert.equal(await (await new JoiningNode('lb-1').joined(running, token)).stream(running), '101');
  assert.match(await successor.stream(running), /^node-revoked: /, 'and when another one has the name');
});

test('without TLS no node can join', async (t) => {
  const running = await Running.start(t);
  const { code, detail } = await running.refused('createJoinToken', { body: {} });
  assert.equal(code, 'tls-required');
  assert.match(detail, /--api-self-signed/);
});

test('operations wait for no node that was revoked, and its stream ends at once', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running, { acknowledges: false });
  await running.call('createLoadBalancer', { body: { name: 'a' } });
  const { operationId } = await running.call('createElasticIp', { body: {} });
  const other = await FakeAgent.connect(running, { node: 'node-2' });
  await other.has(2);
  const wait = { params: { operationId }, query: { wait: 'applied', timeout: 60 } };
  const waiting = running.call('getOperation', wait);
  await running.call('revokeNode', { params: { nodeId: 'node-1' } });
  assert.equal((await waiting).status, 'applied');
  assert.deepEqual(await agent.ended, { code: 4410, reason: 'this node was revoked' });

  const again = await FakeAgent.connect(running);
  assert.deepEqual(await again.ended, { code: 4410, reason: 'node-1 was revoked' });
  // Events are written a moment later.
  for (;;) {
    const [event] = (await running.call('listEvents', { query: { kind: 'node.revoked' } })).items;
    if (event === undefined) continue;
    assert.equal(event.subject.id, 'node-1');
    break;
  }
  const [entry] = (await running.call('listAudit', { query: { action: 'revokeNode' } })).items;
  assert.deepEqual([entry!.actorId, entry!.detail], ['admin', 'node-1'], 'who has revoked which');
  assert.equal((await running.refused('revokeNode', { params: { nodeId: 'nobody' } })).code, 'resource-not-found');
  await other.leave();
});

test('a node of the version before or of the next is served, others hear what to upgrade', async (t) => {
  const running = await Running.start(t);
  for (const protocol of [undefined, 1, 2, 3]) {
    const agent = await FakeAgent.connect(running, { ...(protocol !== undefined && { protocol }) });
    await agent.until(() => agent.messages.some(({ type }) => type === 'snapshot'));
    assert.equal((await running.call('getNode', { params: { nodeId: 'node-1' } })).protocol, protocol ?? 1);
    const keys = agent.messages.filter(({ type }) => type === 'zone-keys');
    assert.equal(keys.length, (protocol ?? 1) > 1 ? 1 : 0);
    await agent.leave();
  }
  const old = await FakeAgent.connect(running, { protocol: 0 });
  const { code, reason } = await old.ended;
  assert.deepEqual([code, reason], [4426, 'stream version 0 is too far from 2 here: upgrade the node agent']);
  const newer = await FakeAgent.connect(running, { protocol: 4 });
  assert.match((await newer.ended).reason, /upgrade the control plane/);
});

test('a zone has other keys when a node of it is revoked; those of other zones stay', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running, { protocol: 2 });
  const keys = () => agent.messages.filter((message) => message.type === 'zone-keys');
  await agent.until(() => keys().length === 1);
  const other = await FakeAgent.connect(running, { node: 'node-2', protocol: 2 });
  await other.has(0);
  await running.call('listNodes');
  await running.call('revokeNode', { params: { nodeId: 'node-2' } });
  await agent.until(() => keys().length === 2);
  const [before, after] = keys().map(({ keys: told }) => told.map(({ id }) => id));
  assert.deepEqual([before!.length, after!.length], [1, 1]);
  assert.notDeepEqual(before, after);
  await agent.leave();
  await running.restart();
  const back = await FakeAgent.connect(running, { protocol: 2 });
  await back.until(() => back.messages.some(({ type }) => type === 'zone-keys'));
  const told = back.messages.find((message) => message.type === 'zone-keys')!;
  assert.deepEqual(
    told.keys.map(({ id }) => id),
    after,
    'they last',
  );
  await back.leave();
});

test('a node that has joined and never came can be cordoned, drained and taken into use', async (t) => {
  const running = await start(t);
  const { token } = await made(running);
  await new JoiningNode('lb-1').joined(running, token);
  const post = (path: string, body?: object) => secureCall(running, 'POST', `/v1/nodes/${path}`, body && { body });
  const dutyOf = async () => (await nodeOf(running, 'lb-1')).duty;
  assert.equal((await post('lb-1/cordon')).status, 200);
  assert.equal(await dutyOf(), 'cordoned');
  assert.equal((await post('lb-1/drain', {})).status, 200, 'there is nothing that it could be the last to have');
  const { body } = await secureCall(running, 'GET', '/v1/nodes/lb-1/placement');
  assert.equal((body as { drain: { state: string } }).drain.state, 'drained');
  assert.equal((await post('lb-1/uncordon')).status, 200);
  assert.equal(await dutyOf(), 'serving');
  assert.equal((await post('lb-2/cordon')).status, 404);
});
