import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

test('what is secret about users is no part of the audit log, and who signed is', async (t) => {
  const running = await Running.start(t);
  const { id: userId } = await running.call('createUser', { body: { name: 'ann', role: 'operator' } });
  const password = 'a sentence of words';
  await running.call('setPassword', { params: { userId }, body: { password } });
  const { secret } = await running.call('createAccessKey', { body: { userId } });
  await running.call('updateUser', { params: { userId }, body: { role: 'viewer' } });
  const { items } = await running.call('listAudit');
  const text = JSON.stringify(items);
  for (const hidden of [password, secret, 'argon2id']) assert.ok(!text.includes(hidden), hidden);
  assert.ok(items.some(({ action }) => action === 'setPassword'));
  await running.call('login', { body: { user: 'ann', password } });
  assert.equal((await running.try('login', { body: { user: 'ann', password: 'wrong' } })).status, 401);
  await running.call('createTenant', { body: { name: 'shop' } });
  assert.equal((await running.try('login', { body: { tenant: 'shop', user: 'ann', password } })).status, 401);
  const logins = async (headers = {}) => {
    const { items: entries } = await running.call('listAudit', { query: { action: 'login' }, headers });
    return entries.map(({ outcome, actorName, credential }) => [outcome, actorName, credential?.kind]);
  };
  const own = [
    ['refused', 'nobody', 'none'],
    ['done', 'ann', 'session'],
  ];
  for (const wanted of own)
    assert.ok((await until(logins, own.length)).some((entry) => String(entry) === String(wanted)));
  const theirs = () => logins({ 'evenkeel-tenant': 'shop' });
  assert.deepEqual(await until(theirs, 1), [['refused', 'nobody', 'none']], 'in the tenant that it was for');
});

/** What was refused is written a little later. */
async function until<T>(read: () => Promise<T[]>, length: number): Promise<T[]> {
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const found = await read();
    if (found.length >= length || Date.now() > deadline) return found;
  }
}
