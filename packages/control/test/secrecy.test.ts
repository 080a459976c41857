import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { startControlPlane } from '../src/control-plane.ts';
import { parseOptions } from '../src/options.ts';
import { StartError } from '../src/start-error.ts';
import { FakeAgent } from './fake-agent.ts';
import { temporaryHome } from './home.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

/** The private number of the key, in the forms that it goes through. The public half of the key is no secret. */
function piecesOf(key: string): string[] {
  const { d } = createPrivateKey(key).export({ format: 'jwk' });
  const number = Buffer.from(d!, 'base64url');
  const text = key.replace(/-----.*-----|\n/g, '');
  // Bytes 36 to 68 of the DER: whole quanta of base64 within them, line by line.
  return [d!, number.toString('hex'), text.slice(48, 64), text.slice(64, 88), 'PRIVATE KEY'];
}

function assertSecret(haystack: string, where: string): void {
  for (const piece of piecesOf(SITE.key)) assert.ok(!haystack.includes(piece), `${where} holds a part of the key`);
}

test('no answer holds a private key: not of a read, a write, a repetition, a refusal or a difference', async (t) => {
  const running = await Running.start(t);
  const headers = { 'idempotency-key': 'k1' };
  const body = upload(SITE, { name: 'site' });
  const answers = [
    await running.try('createCertificate', { body, headers }),
    await running.try('createCertificate', { body, headers }),
    await running.try('createCertificate', { body }),
    await running.try('createCertificate', { body: { ...body, name: 'other', chain: ROOT.certificate } }),
    await running.try('createCertificate', { body: { ...body, name: 5 } }),
    await running.try('createCertificate', { body: { ...body, privateKey: `${SITE.key}x`.repeat(100) } }),
    await running.try('createCertificate', { body: { name: 'x', chain: SITE.key, privateKey: SITE.certificate } }),
    await running.try('createAuthority', { body: { certificates: SITE.key + ROOT.certificate } }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 409, 422, 400, 400, 422, 422],
  );
  const [certificate] = (await running.call('listCertificates')).items;
  const document = {
    loadBalancers: [
      { name: 'a', listeners: [{ protocol: 'https', port: 443, defaultCertificates: ['site'], service: {} }] },
    ],
  };
  answers.push(
    await running.try('applyConfiguration', { body: { ...document, dryRun: true } }),
    await running.try('applyConfiguration', { body: document }),
    await running.try('updateCertificate', { params: { certificateId: certificate!.id }, body: upload(SITE) }),
    await running.try('deleteCertificate', { params: { certificateId: certificate!.id } }),
    await running.send('GET', '/metrics'),
  );
  for (const [name, route] of Object.entries<Route>(contract)) {
    if (route.method === 'GET' && !route.path.includes('{')) answers.push(await running.try(name as OperationName));
  }
  for (const [i, { body: answer, headers: head }] of answers.entries()) {
    assertSecret(JSON.stringify(answer), `answer ${i}`);
    assertSecret(JSON.stringify([...head]), `head ${i}`);
  }
});

test('the plan carries the key to the nodes, and the file of the state only sealed', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createCertificate', { body: upload(SITE) });
  const listener = { protocol: 'https', port: 443, defaultCertificateIds: [id] };
  await running
    .call('createLoadBalancer', { body: { name: 'a' } })
    .then((lb) => running.call('createListener', { body: { ...listener, loadBalancerId: lb.id } }));
  const agent = await FakeAgent.connect(running);
  await agent.until(() => agent.plan.entries.size > 0);
  const { plan } = agent;
  const entry = plan.entries.get(`certificate/${id}`)!;
  assert.equal((entry.value as { privateKey: string }).privateKey, SITE.key);
  assert.ok(plan.entries.has('ticket-keys/current'));
  await running.restart();
  for (const file of readdirSync(join(running.home, 'state'))) {
    assertSecret(readFileSync(join(running.home, 'state', file), 'latin1'), file);
  }
  assert.equal((await running.call('getCertificate', { params: { certificateId: id } })).id, id);
});

test('nothing of a key is in the log, whatever goes wrong', async (t) => {
  const home = temporaryHome(t);
  const child = run(t, home);
  const log = text(child.stderr);
  const { url } = JSON.parse(String((await once(createInterface(child.stdout), 'line'))[0])) as { url: string };
  const { token } = JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string };
  const send = (body: string) =>
    fetch(`${url}/v1/certificates`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
  assert.equal((await send(JSON.stringify(upload(SITE)))).status, 201);
  assert.equal((await send(JSON.stringify({ ...upload(SITE), chain: ROOT.certificate }))).status, 422);
  assert.equal((await send(JSON.stringify(upload(SITE)).slice(0, -1))).status, 400);
  assert.equal((await send(JSON.stringify({ ...upload(SITE), nonsense: SITE.key }))).status, 400);
  child.kill('SIGTERM');
  await once(child, 'exit');
  assert.match(await log, /"path":"\/v1\/certificates"/);
  assertSecret(await log, 'the log');
});

test('without its key the state is not opened, not changed, and opened again when the key is back', async (t) => {
  const home = temporaryHome(t);
  const options = parseOptions(['--home', home, '--port', '0', '--log-level', 'silent'], {})!;
  const first = await startControlPlane(options);
  const authorization = `Bearer ${first.adminToken}`;
  const body = JSON.stringify(upload(issue({ names: ['a.test'] })));
  const created = await fetch(`${first.url}/v1/certificates`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body,
  });
  assert.equal(created.status, 201);
  await first.close();
  const file = join(home, 'credentials', 'secrets.key');
  const key = readFileSync(file);
  rmSync(file);
  await assert.rejects(startControlPlane(options), (error: unknown) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /^\S+secrets\.key is missing .*; put it back from a backup/);
    return true;
  });
  assert.ok(!readdirSync(join(home, 'credentials')).includes('secrets.key'), 'no other key takes its place');
  writeFileSync(file, key, { mode: 0o600 });
  const second = await startControlPlane(options);
  t.after(() => second.close());
  const list = await fetch(`${second.url}/v1/certificates`, { headers: { authorization } });
  assert.equal(((await list.json()) as { items: unknown[] }).items.length, 1);
});

function run(t: TestContext, home: string) {
  const main = join(import.meta.dirname, '..', 'src', 'main.ts');
  const child = spawn(process.execPath, [main, '--home', home, '--port', '0', '--log-level', 'debug'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const TOKEN_SECRET = 'c2VjcmV0LW9mLXRva2Vucy1hbmQtbG9uZy1lbm91Z2g';
const OTHER_SECRET = 'YW5vdGhlci1zZWNyZXQtdGhhdC1pcy1sb25nLWVub3VnaA';

/** The keys of the only rule, as nodes have them. */
function plannedKeys(agent: FakeAgent): string {
  const groups = Array.from(agent.plan.entries.values()).flatMap((one) =>
    one.kind === 'rule-group' ? [one.value] : [],
  );
  return groups[0]?.rules[0]?.jwt?.keys ?? '';
}

test('secrets of tokens go to the nodes, and into no answer and no file as they are', async (t) => {
  const running = await Running.start(t);
  const rule = (k?: string) => ({
    name: 'app',
    forward: [{ backendService: 'web' }],
    jwt: { keys: [{ kty: 'oct', kid: 'a', ...(k !== undefined && { k }) }], algorithms: ['HS256' as const] },
  });
  const body = (k?: string) => ({
    loadBalancers: [
      {
        name: 'a',
        backendServices: [{ name: 'web', protocol: 'http' as const, port: 80 }],
        ruleGroups: [{ name: 'web', rules: [rule(k)] }],
        listeners: [{ protocol: 'http' as const, port: 80, backendService: 'web', ruleGroup: 'web' }],
      },
    ],
  });
  const missing = await running.try('applyConfiguration', { body: body() });
  assert.equal(missing.status, 400);
  assert.match(JSON.stringify(missing.body), /rules\/0\/jwt\/keys\/0\/k.*no secret is stored/);
  const answers = [
    await running.try('applyConfiguration', { body: { ...body(TOKEN_SECRET), dryRun: true } }),
    await running.try('applyConfiguration', { body: body(TOKEN_SECRET) }),
  ];
  const agent = await FakeAgent.connect(running);
  await agent.until(() => plannedKeys(agent).includes(TOKEN_SECRET));

  const [group] = (await running.call('listRuleGroups')).items;
  const params = { ruleGroupId: group!.id };
  const [stored] = (await running.call('listRules', { params })).items;
  assert.deepEqual(stored!.jwt!.keys, [{ kty: 'oct', kid: 'a', secretSet: true }]);
  // What is exported is applied again: the secret stays, and nothing has changed.
  const again = await running.try('applyConfiguration', { body: body() });
  assert.deepEqual(
    (again.body as { changes: { action: string }[] }).changes.filter((one) => one.action !== 'unchanged'),
    [],
  );
  const ruleParams = { ...params, ruleId: stored!.id };
  const { jwt } = stored!;
  answers.push(again, await running.try('updateRule', { params: ruleParams, body: { jwt: { ...jwt!, leeway: 7 } } }));
  await agent.until(() => JSON.stringify([...agent.plan.entries.values()]).includes('"leeway":7'));
  assert.ok(plannedKeys(agent).includes(TOKEN_SECRET), 'other settings leave the secret as it is');

  const changed = await running.try('applyConfiguration', { body: { ...body(OTHER_SECRET), dryRun: true } });
  assert.match(JSON.stringify(changed.body), /jwt\.secrets/, 'that a secret is another is told');
  answers.push(changed, await running.try('applyConfiguration', { body: body(OTHER_SECRET) }));
  await agent.until(() => plannedKeys(agent).includes(OTHER_SECRET));
  answers.push(await running.try('listRules', { params }), await running.try('getRule', { params: ruleParams }));
  for (const [i, answer] of answers.entries()) {
    assert.ok(answer.status < 300, `answer ${i}: ${JSON.stringify(answer.body)}`);
    for (const secret of [TOKEN_SECRET, OTHER_SECRET]) {
      assert.ok(!JSON.stringify(answer.body).includes(secret), `answer ${i} holds a secret`);
    }
  }
  await running.restart();
  for (const file of readdirSync(join(running.home, 'state'))) {
    const content = readFileSync(join(running.home, 'state', file), 'latin1');
    for (const secret of [TOKEN_SECRET, OTHER_SECRET]) assert.ok(!content.includes(secret), `${file} holds a secret`);
  }
});
