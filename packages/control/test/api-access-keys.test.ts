import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { type Answer, Running } from './running.ts';
import { type Signed, signedHeaders } from './signed.ts';

interface Wanted extends Signed {
  /** What is sent in place of what was signed. */
  readonly sentTarget?: string;
  readonly sentBody?: string;
  /** Sent, and not signed. */
  readonly unsigned?: Record<string, string>;
}

function sendSigned(running: Running, wanted: Wanted): Promise<Answer> {
  const { method = 'GET', target = '/v1/identity' } = wanted;
  return running.send(method, wanted.sentTarget ?? target, {
    headers: { ...signedHeaders(wanted), ...wanted.unsigned },
    body: wanted.sentBody ?? wanted.body ?? null,
  });
}

async function keyOf(running: Running, name: string, role = 'operator') {
  const { id: userId } = await running.call('createUser', { body: { name, role } });
  const { id: keyId, secret } = await running.call('createAccessKey', { body: { userId } });
  return { userId, keyId, secret };
}

test('a signed request is that of the user; the secret is never sent, and sealed in the state', async (t) => {
  const running = await Running.start(t);
  const { keyId, secret } = await keyOf(running, 'ann');
  assert.match(secret, /^eksec_[\w-]{43}$/);
  const { status, body } = await sendSigned(running, { keyId, secret });
  const identity = body as Record<string, unknown>;
  assert.deepEqual([status, identity['name'], identity['accessKeyId'], identity['tokenId']], [200, 'ann', keyId, null]);
  const target = '/v1/load-balancers?limit=5&name=caf%C3%A9';
  assert.equal((await sendSigned(running, { keyId, secret, target })).status, 200);
  const created = await sendSigned(running, {
    keyId,
    secret,
    method: 'POST',
    target: '/v1/load-balancers',
    body: '{"name":"wéb"}',
    headers: { 'idempotency-key': 'k' },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const listed = JSON.stringify(await running.call('listAccessKeys'));
  assert.ok(listed.includes(keyId) && !listed.includes(secret));
  assert.ok(!readFileSync(join(running.home, 'state', 'evenkeel.db')).includes(secret));
  await running.restart();
  assert.equal((await sendSigned(running, { keyId, secret, target })).status, 200, 'also after a restart');
});

test('what is not signed, was changed, is old, or was sent before is refused', async (t) => {
  const running = await Running.start(t);
  const { keyId, secret } = await keyOf(running, 'ann');
  const own = { keyId, secret };
  const write = { ...own, method: 'POST', target: '/v1/load-balancers', body: '{"name":"a"}' };
  const now = Math.floor(Date.now() / 1_000);
  for (const [wanted, says] of [
    [{ ...own, secret: 'another' }, /signature is not right/],
    [{ ...own, keyId: 'ak-01hf7yat018zv6cc00' }, /not known here/],
    [{ ...own, sentTarget: '/v1/users' }, /signature is not right/],
    [{ ...own, target: '/v1/users?limit=1', sentTarget: '/v1/users?limit=2' }, /signature is not right/],
    [{ ...own, created: now - 301 }, /created must be within 300 s of the clock here/],
    [{ ...own, created: now + 320 }, /created must be within 300 s/],
    [{ ...own, unsigned: { 'evenkeel-tenant': 'default' } }, /"evenkeel-tenant" has to be signed/],
    [{ ...write, unsigned: { 'idempotency-key': 'k' } }, /"idempotency-key" has to be signed/],
    [{ ...write, sentBody: '{"name":"b"}' }, /the body is not the one that was signed/],
    [
      { ...own, method: 'POST', target: '/v1/load-balancers', sentBody: '{}' },
      /"content-digest" of the body has to be/,
    ],
  ] as const) {
    const { status, body } = await sendSigned(running, wanted);
    const { code, detail } = body as Problem;
    assert.deepEqual([status, code], [401, 'unauthenticated'], `${says}: ${detail}`);
    assert.match(detail, says);
  }
  const once = { ...own, nonce: 'once' };
  assert.equal((await sendSigned(running, once)).status, 200);
  assert.match(((await sendSigned(running, once)).body as Problem).detail, /was sent before/);
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
  for (const headers of [
    { 'signature-input': 'sig=();created=1', signature: 'sig=:x:' },
    { 'signature-input': 'x' },
    { 'signature-input': `sig=("@method" "@path" "@query");created=${now};keyid="${keyId}"` },
  ]) {
    assert.equal((await running.send('GET', '/v1/identity', { headers: headers as never })).status, 401);
  }
});

test('a user has two keys, so that one can take the place of the other; one that is off or gone is good for nothing', async (t) => {
  const running = await Running.start(t);
  const { userId, ...first } = await keyOf(running, 'ann');
  const made = await running.call('createAccessKey', { body: { userId } });
  const second = { keyId: made.id, secret: made.secret };
  const third = await running.refused('createAccessKey', { body: { userId } });
  assert.deepEqual([third.code, third.quota], ['quota-exceeded', { name: 'accessKeysPerUser', limit: 2, used: 2 }]);
  for (const key of [first, second]) assert.equal((await sendSigned(running, key)).status, 200);
  const params = { accessKeyId: first.keyId };
  assert.equal((await running.call('updateAccessKey', { params, body: { enabled: false } })).status, 'disabled');
  assert.match(((await sendSigned(running, first)).body as Problem).detail, /is switched off/);
  await running.call('updateAccessKey', { params, body: { enabled: true } });
  assert.equal((await sendSigned(running, first)).status, 200);
  await running.call('deleteAccessKey', { params });
  assert.equal((await sendSigned(running, first)).status, 401);
  await running.call('updateUser', { params: { userId }, body: { enabled: false } });
  assert.match(((await sendSigned(running, second)).body as Problem).detail, /ann is disabled/);
});

test('a key is good for no more than who asks for it, and belongs to its user', async (t) => {
  const running = await Running.start(t);
  const admin = await keyOf(running, 'root', 'admin');
  const { userId } = await keyOf(running, 'ann', 'viewer');
  const { token } = await running.call('createToken', { body: { userId, days: 1 } });
  const refused = await running.refused('createAccessKey', { token, body: { role: 'operator' } });
  assert.equal(refused.code, 'forbidden');
  const own = await running.call('createAccessKey', { token, body: {} });
  assert.equal(own.role, 'viewer');
  assert.ok(Date.parse(own.expiresAt!) <= Date.now() + 86_400_000, 'nor for longer');
  const params = { accessKeyId: admin.keyId };
  for (const name of ['getAccessKey', 'deleteAccessKey'] as const)
    assert.equal((await running.refused(name, { token, params })).code, 'resource-not-found');
});

test('a start in good order takes signed writes at once, and none twice', async (t) => {
  const running = await Running.start(t);
  const { keyId, secret } = await keyOf(running, 'ann');
  const write = (name: string, nonce: string): Wanted => {
    return { keyId, secret, nonce, method: 'POST', target: '/v1/elastic-ips', body: JSON.stringify({ name }) };
  };
  const created = Math.floor(Date.now() / 1_000);
  const used = { ...write('first', 'once'), created };
  assert.equal((await sendSigned(running, used)).status, 201);
  for (let start = 0; start < 2; start++) {
    await running.restart();
    assert.equal((await sendSigned(running, write(`after-${start}`, `n${start}`))).status, 201);
    const again = await sendSigned(running, used);
    assert.deepEqual([again.status, (again.body as Problem).code], [401, 'unauthenticated']);
  }
});

test('in a copy of a state, writes that were signed before the start are refused, as the original may have taken them', async (t) => {
  const running = await Running.start(t);
  const own = await keyOf(running, 'ann');
  const write = { ...own, method: 'POST', target: '/v1/elastic-ips', body: '{}' };
  const marker = join(running.home, 'state', 'unpacked');
  await running.restart(() => writeFileSync(marker, ''));
  assert.ok(!existsSync(marker), 'once');
  for (let starts = 1; starts <= 2; starts++) {
    const now = Math.floor(Date.now() / 1_000);
    const old = (await sendSigned(running, { ...write, created: now - 200 })).body as Problem;
    assert.equal(old.code, 'unauthenticated', `start ${starts}`);
    assert.match(old.detail, /signed before the control plane started/);
    await running.restart();
  }
});
