import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { Running } from './running.ts';
import { POSTGRES_KIND, postgresServer } from './stores.ts';

test('users with passwords, keys and policies, and their sessions, are kept on PostgreSQL too', {
  skip: POSTGRES_KIND.skip,
}, async (t) => {
  const database = parsePostgresUrl(await (await postgresServer()).createDatabase());
  const running = await Running.start(t, { database });
  const statements = [{ effect: 'deny' as const, actions: ['delete*'] }];
  const policy = await running.call('createAccessPolicy', { body: { name: 'stays', statements } });
  const body = { name: 'ann', role: 'operator' as const, accessPolicyIds: [policy.id] };
  const { id: userId } = await running.call('createUser', { body });
  const password = 'a sentence of words';
  await running.call('setPassword', { params: { userId }, body: { password } });
  const key = await running.call('createAccessKey', { body: { userId } });
  const login = () =>
    running.send('POST', '/v1/login', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'ann', password }),
    });
  const cookies: string[] = [];
  for (let i = 0; i < 22; i++) {
    const answer = await login();
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    cookies.push(answer.headers.getSetCookie()[0]!.split(';', 1)[0]!);
  }
  const statusOf = async (cookie: string) =>
    (await running.send('GET', '/v1/identity', { headers: { cookie } })).status;
  assert.equal((await running.call('listSessions')).items.length, 20, 'those that were used longest ago have ended');
  assert.equal(await statusOf(cookies[0]!), 401);
  await running.restart();
  assert.equal(await statusOf(cookies.at(-1)!), 200);
  assert.equal((await running.call('getAccessKey', { params: { accessKeyId: key.id } })).status, 'active');
  assert.deepEqual((await running.call('getUser', { params: { userId } })).accessPolicyIds, [policy.id]);
  const [last] = (await running.call('listSessions')).items.slice(-1);
  await running.call('deleteSession', { params: { sessionId: last!.id } });
  assert.equal((await running.call('listSessions')).items.length, 19);
  await running.call('deleteUser', { params: { userId } });
  assert.deepEqual((await running.call('listSessions')).items, []);
});
