import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { signatureFor } from './sign.ts';

const KEY = { id: 'ak-01ka0000000000000a', secret: 'eksec_example' };
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

test('a signature is what RFC 9421 says, over method, path, query, body and the fields that matter', async () => {
  const body = '{"name":"wéb"}';
  const headers = {
    accept: 'x',
    'evenkeel-tenant': 'shop',
    'idempotency-key': 'k-1',
    'content-type': 'application/json',
  };
  const url = 'https://lb.example.com:7700/v1/load-balancers?limit=5&name=a%20b';
  const signed = await signatureFor(KEY, { method: 'POST', url, headers, body }, NOW);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  assert.equal(signed['content-digest'], digest);
  const [, parameters, nonce] =
    /^sig=(\(.*\);created=1767323045;nonce="([0-9a-f-]{36})";keyid="ak-01ka0000000000000a";alg="hmac-sha256")$/.exec(
      signed['signature-input']!,
    )!;
  assert.ok(nonce);
  const base = [
    '"@method": POST',
    '"@path": /v1/load-balancers',
    '"@query": ?limit=5&name=a%20b',
    `"content-digest": ${digest}`,
    '"evenkeel-tenant": shop',
    '"idempotency-key": k-1',
    `"@signature-params": ${parameters}`,
  ].join('\n');
  assert.ok(
    parameters!.startsWith('("@method" "@path" "@query" "content-digest" "evenkeel-tenant" "idempotency-key")'),
  );
  assert.equal(signed['signature'], `sig=:${createHmac('sha256', KEY.secret).update(base).digest('base64')}:`);
});

test('without a body there is no digest, without a query it is a question mark, and no two signatures are alike', async () => {
  const request = { method: 'GET', url: 'http://127.0.0.1:7700/v1/identity', headers: {}, body: null };
  const [one, two] = await Promise.all([signatureFor(KEY, request, NOW), signatureFor(KEY, request, NOW)]);
  assert.deepEqual(Object.keys(one), ['signature-input', 'signature']);
  assert.notEqual(one['signature'], two['signature']);
  const parameters = one['signature-input']!.slice('sig='.length);
  const base = `"@method": GET\n"@path": /v1/identity\n"@query": ?\n"@signature-params": ${parameters}`;
  assert.equal(one['signature'], `sig=:${createHmac('sha256', KEY.secret).update(base).digest('base64')}:`);
});
