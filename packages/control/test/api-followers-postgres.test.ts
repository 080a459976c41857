import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { temporaryHome } from './home.ts';
import { Running } from './running.ts';
import { POSTGRES_KIND, postgresServer } from './stores.ts';

interface Attempt {
  readonly user: string;
  readonly password: string;
  /** The client's address. */
  readonly from: string;
  readonly headers?: Record<string, string>;
}

/** Resolves with the status of the answer. */
function login(running: Running, { user, password, from, headers = {} }: Attempt): Promise<number> {
  const body = JSON.stringify({ user, password });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${running.url}/v1/login`,
      {
        method: 'POST',
        localAddress: from,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a follower tells the leader who the client is: a stranger who guesses locks nobody else out', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const database = parsePostgresUrl((await postgresServer()).createDatabase());
  const leader = await Running.start(t, { database });
  const home = temporaryHome(t);
  // They share their key and credentials, as the guide says.
  cpSync(join(leader.home, 'credentials'), join(home, 'credentials'), { recursive: true });
  const follower = await Running.start(t, { database, home });
  const { id: userId } = await leader.call('createUser', { body: { name: 'ann', role: 'operator' } });
  const password = 'a sentence of words';
  await follower.call('setPassword', { params: { userId }, body: { password } });

  const guess = (i: number) => login(follower, { user: `nobody-${i}`, password: 'guessed', from: '127.0.0.5' });
  for (let i = 0; i < 6; i++) assert.equal(await guess(i), 401);
  assert.equal(await guess(6), 429, 'the stranger has to wait');
  assert.equal(await login(follower, { user: 'ann', password, from: '127.0.0.6' }), 200, 'and nobody else');
  const forged = { 'evenkeel-passed-on': '{"source":"192.0.2.1","secure":false,"at":0}' };
  assert.equal(await login(leader, { user: 'ann', password, from: '127.0.0.7', headers: forged }), 200);
  assert.equal(await login(follower, { user: 'ann', password, from: '127.0.0.8', headers: forged }), 200);
  const { items } = await leader.call('listSessions');
  assert.deepEqual(items.map(({ source }) => source).sort(), ['127.0.0.6', '127.0.0.7', '127.0.0.8']);
  await follower.call('createElasticIp', { body: {} });
  const [entry] = (await leader.call('listAudit', { query: { action: 'createElasticIp' } })).items;
  assert.equal(entry!.source, '127.0.0.1');
});
