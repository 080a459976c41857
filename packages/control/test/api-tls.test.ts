import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type TlsTrust, trustedConnection } from '@evenkeel/model/tls-trust.ts';
import { Running } from './running.ts';

/** The status of `GET /v1/identity` as the administrator. */
function identity({ url, adminToken }: Running, trust: TlsTrust): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request(
    `${url}/v1/identity`,
    { headers: { authorization: `Bearer ${adminToken}` }, createConnection: trustedConnection(trust) as never },
    (response) => {
      response.resume();
      resolve(response.statusCode!);
    },
  )
    .once('error', reject)
    .end();
  return promise;
}

test('API and stream are encrypted, and the home says by which certificate they are known', async (t) => {
  const running = await Running.start(t, { tls: { kind: 'self-signed' }, host: '0.0.0.0' });
  const fingerprint = running.fingerprint!;
  assert.match(running.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  for (const file of ['admin.json', 'node.json']) {
    const credential = JSON.parse(readFileSync(join(running.home, 'credentials', file), 'utf8')) as object;
    assert.equal((credential as { fingerprint: string }).fingerprint, fingerprint, file);
  }
  const ca = readFileSync(join(running.home, 'credentials', 'api-certificate.pem'), 'utf8');
  assert.equal(await identity(running, { fingerprint }), 200);
  assert.equal(await identity(running, { fingerprint: fingerprint.replaceAll(':', '').toLowerCase() }), 200);
  assert.equal(await identity(running, { ca }), 200, 'it can be its own authority');
  await assert.rejects(identity(running, {}), /it is self-signed; its fingerprint is/);
  const other = fingerprint.replace(/^../, fingerprint.startsWith('00') ? '01' : '00');
  await assert.rejects(identity(running, { fingerprint: other }), /another one than is trusted/);
  await assert.rejects(identity(running, { fingerprint: other, ca }), /another one than is trusted/, 'a pin is a pin');

  await running.restart();
  assert.equal(running.fingerprint, fingerprint, 'it lasts');
});

test('who speaks plain HTTP there gets nothing', async (t) => {
  const running = await Running.start(t, { tls: { kind: 'self-signed' } });
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.write(`GET /v1/identity HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.adminToken}\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve).on('error', resolve));
  assert.doesNotMatch(answer, /HTTP\/1\.1 200/);
});
