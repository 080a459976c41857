import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { ocspResponse } from '@evenkeel/testbed/certificates/issue.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

/** Sends bytes, and resolves with all that comes back until the server closes. */
async function raw(running: Running, bytes: string): Promise<string> {
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.end(bytes);
  await once(socket, 'close');
  return text;
}

test('what is not HTTP gets problem details too', async (t) => {
  const running = await Running.start(t);
  const malformed = await raw(running, 'NONSENSE\r\n\r\n');
  assert.match(malformed, /^HTTP\/1\.1 400 .*\r\ncontent-type: application\/problem\+json\r\n/);
  assert.match(malformed, /"code":"malformed-request"/);
  const large = await raw(running, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1\.1 431 /);
  assert.match(large, /"code":"header-too-large"/);
});

test('health, metrics and the API document need no token; promtool accepts the metrics', async (t) => {
  const running = await Running.start(t);
  await running.call('createLoadBalancer', { body: { name: 'a' } });
  const body = upload(SITE, { name: 'site', ocspResponse: ocspResponse(ROOT, SITE) });
  const { id, notAfter, stapledUntil } = await running.call('createCertificate', { body });
  assert.deepEqual((await running.send('GET', '/healthz')).body, { status: 'ok' });
  const metrics = await running.send('GET', '/metrics');
  const text = String(metrics.body);
  assert.match(text, /^evenkeel_configuration_generation 2$/m);
  assert.match(text, /^evenkeel_api_requests_total\{operation="createLoadBalancer",status="201"\} 1$/m);
  const expiry = `evenkeel_expiry_timestamp_seconds{kind="certificate",id="${id}"} ${Date.parse(notAfter) / 1_000}`;
  assert.ok(text.includes(`\n${expiry}\n`), expiry);
  const staple = `evenkeel_staple_expiry_timestamp_seconds{id="${id}"} ${Date.parse(stapledUntil!) / 1_000}`;
  assert.ok(text.includes(`\n${staple}\n`), staple);
  assert.ok(!text.includes('site'), 'what tenants call their things is not for everybody');
  const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (check.error === undefined) assert.equal(check.status, 0, check.stderr + check.stdout);
  else t.diagnostic('promtool is not installed');
});

test('the documentation comes from the server alone, under a policy that holds it to that', async (t) => {
  const running = await Running.start(t);
  const page = await running.send('GET', '/docs/');
  assert.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy')!;
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /https?:/);
  const html = String(page.body);
  assert.match(html, /<title>Evenkeel API</);
  assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
  assert.doesNotMatch(html, /<script(?![^>]*src=)[^>]*>[^<]/, 'no inline script');
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  assert.ok(files.length >= 4);
  for (const path of files) {
    const file = await running.send('GET', new URL(path, `${running.url}/docs/`).pathname);
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get('request-id')!, /^[0-9a-f-]{36}$/);
  }
  const nothing = await running.send('GET', '/docs/nothing');
  assert.equal(nothing.status, 404);
  assert.equal((nothing.body as Problem).code, 'route-not-found');
  assert.equal((nothing.body as Problem).requestId, nothing.headers.get('request-id'));
  assert.match(String((await running.send('GET', '/metrics')).body), /operation="other",status="404"} 1$/m);
  const document = (await running.send('GET', '/v1/openapi.json')).body as { openapi: string };
  assert.equal(document.openapi, '3.1.0');
});

test('who has the address of the API alone is shown its documentation', async (t) => {
  const running = await Running.start(t);
  for (const path of ['/', '/v1', '/v1/']) {
    const answer = await fetch(`${running.url}${path}`, { redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/docs'], path);
  }
});

test('stopping ends waits with the operation as it is, and refuses nothing that is under way', async (t) => {
  const running = await Running.start(t);
  const { operationId } = await running.call('createLoadBalancer', { body: { name: 'a' } });
  const waiting = running.call('getOperation', { params: { operationId }, query: { wait: 'applied', timeout: 60 } });
  // Answered after the wait has begun: they share the order of the server's loop.
  await running.call('listNodes');
  await running.restart();
  assert.equal((await waiting).status, 'pending');
  assert.equal((await running.call('listLoadBalancers')).items.length, 1);
});

test('metrics at an address of their own are no longer with the API', async (t) => {
  const running = await Running.start(t, { metrics: { host: '127.0.0.1', port: 0 } });
  assert.equal((await running.send('GET', '/metrics')).status, 404);
  assert.match(await (await fetch(running.metricsUrl)).text(), /^evenkeel_control_leading 1$/m);
});
