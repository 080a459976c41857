import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_RATE_LIMITS } from '@evenkeel/model/access-limits.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import type { SessionStarted } from '@evenkeel/model/resources/session.ts';
import { trustedConnection } from '@evenkeel/model/tls-trust.ts';
import { type Answer, Running } from './running.ts';

const PASSWORD = 'a sentence of words';

async function person(running: Running, name: string, role = 'operator'): Promise<string> {
  const { id } = await running.call('createUser', { body: { name, role } });
  await running.call('setPassword', { params: { userId: id }, body: { password: PASSWORD } });
  return id;
}

/** What a browser keeps of an answer: the cookies, and the token for writes. */
interface Browser {
  readonly cookies: Record<string, string>;
  readonly csrf: string;
}

function browserOf(answer: Answer): Browser {
  const set = answer.headers.getSetCookie().map((text) => text.split(';', 1)[0]!.split('='));
  const cookies = Object.fromEntries(set.map(([name, ...value]) => [name!, value.join('=')]));
  return { cookies, csrf: (answer.body as SessionStarted).csrfToken };
}

const cookieOf = ({ cookies }: Browser) =>
  Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');

function login(running: Running, user: string, password = PASSWORD, device?: string): Promise<Answer> {
  return running.send('POST', '/v1/login', {
    headers: { 'content-type': 'application/json', ...(device && { cookie: `evenkeel_device=${device}` }) },
    body: JSON.stringify({ user, password }),
  });
}

function as(running: Running, browser: Browser, method: string, path: string, headers = {}, body?: object) {
  return running.send(method, path, {
    headers: { cookie: cookieOf(browser), ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
}

test('whoever logs in has a cookie that scripts cannot read, and writes take what they can', async (t) => {
  const running = await Running.start(t);
  const userId = await person(running, 'ann');
  const answer = await login(running, 'ann');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const [session, device] = answer.headers.getSetCookie();
  assert.match(session!, /^evenkeel_session=ekses_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.match(device!, /^evenkeel_device=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=31536000$/);
  const browser = browserOf(answer);
  const identity = (await as(running, browser, 'GET', '/v1/identity')).body as Record<string, unknown>;
  assert.deepEqual(
    [identity['name'], identity['role'], identity['tokenId'], identity['sessionId']],
    ['ann', 'operator', null, (answer.body as SessionStarted).id],
  );
  const again = (await as(running, browser, 'GET', '/v1/session')).body as SessionStarted;
  assert.equal(again.csrfToken, browser.csrf, 'a page that was loaded anew finds it');

  const create = (headers: object) => as(running, browser, 'POST', '/v1/load-balancers', headers, { name: 'web' });
  for (const headers of [
    {},
    { 'evenkeel-csrf': 'x' },
    { 'evenkeel-csrf': browser.csrf, 'sec-fetch-site': 'cross-site' },
  ]) {
    const refused = await create(headers);
    assert.deepEqual([refused.status, (refused.body as Problem).code], [403, 'forbidden']);
  }
  assert.equal((await create({ 'evenkeel-csrf': browser.csrf, 'sec-fetch-site': 'same-origin' })).status, 201);

  await running.restart();
  assert.equal((await as(running, browser, 'GET', '/v1/identity')).status, 200, 'a restart ends no session');
  const database = readFileSync(join(running.home, 'state', 'evenkeel.db'));
  for (const secret of [PASSWORD, browser.cookies['evenkeel_session']!, '$argon2id$'])
    assert.ok(!database.includes(secret), 'neither password, nor hash, nor token is in the state');
  const out = await as(running, browser, 'POST', '/v1/logout', { 'evenkeel-csrf': browser.csrf });
  assert.match(out.headers.getSetCookie()[0]!, /^evenkeel_session=; .*Max-Age=0$/);
  assert.equal((await as(running, browser, 'GET', '/v1/identity')).status, 401);
  assert.equal((await running.call('getUser', { params: { userId } })).passwordChangedAt !== null, true);
});

test('a wrong password, a user that is not there, one without a password and one that is off are answered alike', async (t) => {
  const running = await Running.start(t);
  await person(running, 'ann');
  const off = await person(running, 'off');
  await running.call('updateUser', { params: { userId: off }, body: { enabled: false } });
  await running.call('createUser', { body: { name: 'none', role: 'viewer' } });
  const answers = new Set<string>();
  for (const [user, password] of [
    ['ann', 'another sentence'],
    ['nobody', PASSWORD],
    ['none', PASSWORD],
    ['off', PASSWORD],
  ] as const) {
    const { status, body, headers } = await login(running, user, password);
    const { requestId: _, ...problem } = body as Problem;
    answers.add(JSON.stringify([status, problem, headers.getSetCookie()]));
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
});

test('every change of a user ends the sessions, a new password among them', async (t) => {
  const running = await Running.start(t);
  const userId = await person(running, 'ann');
  const params = { userId };
  for (const change of [
    () => running.call('updateUser', { params, body: { role: 'viewer' } }),
    () => running.call('updateUser', { params, body: { enabled: false } }),
    () => running.call('setPassword', { params, body: { password: 'another sentence' } }),
    () => running.call('deleteUser', { params }),
  ]) {
    await running.call('updateUser', { params, body: { enabled: true } });
    await running.call('setPassword', { params, body: { password: PASSWORD } });
    const browser = browserOf(await login(running, 'ann'));
    assert.equal((await as(running, browser, 'GET', '/v1/identity')).status, 200);
    await change();
    assert.equal((await as(running, browser, 'GET', '/v1/identity')).status, 401);
  }
  assert.deepEqual((await running.call('listSessions')).items, []);
});

test('sessions are listed and ended: one’s own, those of all for an admin', async (t) => {
  const running = await Running.start(t);
  await person(running, 'ann');
  await person(running, 'bob');
  const [ann, bob] = [browserOf(await login(running, 'ann')), browserOf(await login(running, 'bob'))];
  const own = ((await as(running, ann, 'GET', '/v1/sessions')).body as { items: SessionStarted[] }).items;
  assert.deepEqual(
    own.map(({ current }) => current),
    [true],
  );
  const all = (await running.call('listSessions')).items;
  assert.equal(all.length, 2);
  const theirs = all.find(({ id }) => id !== own[0]!.id)!;
  const headers = { 'evenkeel-csrf': ann.csrf };
  assert.equal((await as(running, ann, 'DELETE', `/v1/sessions/${theirs.id}`, headers)).status, 404);
  await running.call('deleteSession', { params: { sessionId: theirs.id } });
  assert.equal((await as(running, bob, 'GET', '/v1/identity')).status, 401);
  assert.equal((await as(running, ann, 'GET', '/v1/identity')).status, 200);
});

test('one’s own password takes the present one; a weak one is refused by field', async (t) => {
  const running = await Running.start(t);
  const userId = await person(running, 'ann');
  const browser = browserOf(await login(running, 'ann'));
  const change = (body: object) =>
    as(running, browser, 'POST', '/v1/change-password', { 'evenkeel-csrf': browser.csrf }, body);
  for (const [body, field] of [
    [{ current: 'wrong', password: 'another sentence' }, '/current'],
    [{ current: PASSWORD, password: 'short' }, '/password'],
    [{ current: PASSWORD, password: 'abababababababab' }, '/password'],
    [{ current: PASSWORD, password: 'Ann-ann-ann-ann' }, '/password'],
  ] as const) {
    const { status, body: problem } = await change(body);
    assert.deepEqual([status, (problem as Problem).errors?.[0]?.field], [400, field], JSON.stringify(problem));
  }
  assert.equal((await change({ current: PASSWORD, password: 'another sentence' })).status, 200);
  assert.equal((await as(running, browser, 'GET', '/v1/identity')).status, 401, 'all sessions end, this one too');
  assert.equal((await login(running, 'ann')).status, 401);
  assert.equal((await login(running, 'ann', 'another sentence')).status, 200);
  await running.call('setPassword', { params: { userId }, body: { password: null } });
  assert.equal((await login(running, 'ann', 'another sentence')).status, 401);
  assert.equal((await running.call('getUser', { params: { userId } })).passwordChangedAt, null);
});

test('a session of an admin gives others a password, and its own user none without the present one', async (t) => {
  const running = await Running.start(t);
  const [root, other] = [await person(running, 'root'), await person(running, 'other')];
  await running.call('updateUser', { params: { userId: root }, body: { role: 'admin' } });
  const browser = browserOf(await login(running, 'root'));
  const give = (userId: string, password: string | null) =>
    as(running, browser, 'POST', `/v1/users/${userId}/set-password`, { 'evenkeel-csrf': browser.csrf }, { password });
  for (const password of ['another sentence', null]) {
    const { status, body } = await give(root, password);
    assert.deepEqual([status, (body as Problem).code], [403, 'forbidden']);
    assert.match((body as Problem).detail, /changePassword takes the present one/);
  }
  assert.equal((await give(other, 'another sentence')).status, 200);
  assert.equal((await login(running, 'root')).status, 200, 'it is as it was');
});

test('guessing waits, and does not keep out whoever has logged in with this browser before', async (t) => {
  const running = await Running.start(t, { rateLimits: { ...DEFAULT_RATE_LIMITS, failuresPerSource: 1_000 } });
  await person(running, 'ann');
  const { cookies } = browserOf(await login(running, 'ann'));
  const device = cookies['evenkeel_device']!;
  for (let i = 0; i < 6; i++) assert.equal((await login(running, 'ann', 'wrong')).status, 401);
  const waits = await login(running, 'ann');
  assert.deepEqual([waits.status, (waits.body as Problem).code], [429, 'rate-limited']);
  assert.match(waits.headers.get('retry-after')!, /^[1-9]\d*$/);
  assert.equal((await login(running, 'ann', PASSWORD, `${device}x`)).status, 429, 'one that was made up is a stranger');
  assert.equal((await login(running, 'ann', PASSWORD, device)).status, 200);
});

test('with TLS, cookies go nowhere without', async (t) => {
  const running = await Running.start(t, { tls: { kind: 'self-signed' } });
  const send = (method: string, path: string, token: string | null, body?: object) =>
    new Promise<{ status: number; cookies: string[]; body: Record<string, string> }>((resolve, reject) => {
      httpsRequest(
        running.url + path,
        {
          method,
          headers: {
            'content-type': 'application/json',
            ...(token !== null && { authorization: `Bearer ${token}` }),
          },
          createConnection: trustedConnection({ fingerprint: running.fingerprint! }) as never,
        },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve({
            status: response.statusCode!,
            cookies: response.headers['set-cookie'] ?? [],
            body: JSON.parse(text),
          });
        },
      )
        .once('error', reject)
        .end(body && JSON.stringify(body));
    });
  const admin = running.adminToken;
  const { body: user } = await send('POST', '/v1/users', admin, { name: 'ann', role: 'viewer' });
  await send('POST', `/v1/users/${user['id']}/set-password`, admin, { password: PASSWORD });
  const { status, cookies } = await send('POST', '/v1/login', null, { user: 'ann', password: PASSWORD });
  assert.equal(status, 200);
  for (const cookie of cookies) assert.match(cookie, /^__Host-evenkeel_(session|device)=.*; Path=\/; .*; Secure$/);
});
