import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { DEFAULT_RATE_LIMITS } from '@evenkeel/model/access-limits.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { Running } from './running.ts';

async function tokenOf(running: Running, name: string, role = 'viewer'): Promise<{ token: string; id: string }> {
  const { id: userId } = await running.call('createUser', { body: { name, role } });
  return running.call('createToken', { body: { userId } });
}

test('a credential takes as much as it may, is told how much is left, and does not take from others', async (t) => {
  const rateLimits = { ...DEFAULT_RATE_LIMITS, requestsPerCredential: 1 };
  const running = await Running.start(t, { rateLimits });
  const { token } = await tokenOf(running, 'ann');
  const first = await running.try('getIdentity', { token });
  assert.equal(first.headers.get('ratelimit-policy'), '"credential";q=10;w=10');
  assert.match(first.headers.get('ratelimit')!, /^"credential";r=9;t=\d+$/);
  let answer = first;
  for (let i = 0; i < 100 && answer.status === 200; i++) answer = await running.try('getIdentity', { token });
  assert.deepEqual([answer.status, (answer.body as Problem).code], [429, 'rate-limited']);
  assert.equal(answer.headers.get('retry-after'), '1');
  const { token: other } = await tokenOf(running, 'bob');
  assert.equal((await running.try('getIdentity', { token: other })).status, 200);
  const own = await running.try('getIdentity');
  assert.deepEqual([own.status, own.headers.get('ratelimit')], [200, null], 'the way back in has no limit');
});

test('a source that guesses is sent away, and those beside it who have a token are not', async (t) => {
  const running = await Running.start(t, { rateLimits: { ...DEFAULT_RATE_LIMITS, failuresPerSource: 1 } });
  const { token } = await tokenOf(running, 'ann');
  const guess = () => running.try('getIdentity', { token: 'guess' });
  const cookie = () => running.send('GET', '/v1/identity', { headers: { cookie: 'evenkeel_session=guess' } });
  assert.equal((await guess()).status, 401);
  // One is forgiven each second: however slow this machine is, guesses are faster.
  for (const ask of [guess, cookie, () => running.send('POST', '/v1/login')]) {
    let status = 0;
    for (let i = 0; i < 1_000 && status !== 429; i++) {
      await guess();
      ({ status } = await ask());
    }
    assert.equal(status, 429);
  }
  assert.equal((await running.try('getIdentity', { token })).status, 200);
});

test('a request that may not be carried out is answered before its body is there', async (t) => {
  const running = await Running.start(t);
  const { token } = await tokenOf(running, 'ann');
  const { hostname, port } = new URL(running.url);
  for (const [credential, status] of [
    [token, 403],
    ['guess', 401],
  ] as const) {
    const socket = connect(Number(port), hostname);
    // A megabyte is announced, and never comes.
    socket.write(
      `POST /v1/load-balancers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${credential}\r\n` +
        'content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{',
    );
    const [line] = await new Promise<string[]>((resolve) => {
      socket.once('data', (chunk) => resolve(chunk.toString('latin1').split('\r\n')));
    });
    assert.match(line!, new RegExp(`^HTTP/1.1 ${status} `));
    socket.destroy();
  }
});

test('what changed while the body came holds', async (t) => {
  const running = await Running.start(t);
  const { token, id: tokenId } = await tokenOf(running, 'ann', 'operator');
  const { hostname, port } = new URL(running.url);
  const body = JSON.stringify({ name: 'late' });
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.write(
    `POST /v1/load-balancers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
  );
  // The server has read the head, and let it in.
  await new Promise((resolve) => socket.once('data', resolve));
  assert.match(answer, /^HTTP\/1\.1 100 /);
  socket.write(body.slice(0, 5));
  await running.call('deleteToken', { params: { tokenId } });
  socket.write(body.slice(5));
  await new Promise((resolve) => socket.once('close', resolve));
  assert.match(answer, /HTTP\/1\.1 401 /);
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
});
