import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import type { Problem } from '@evenkeel/model/problem.ts';
import { issue, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

const firstError = (problem: Problem) => `${problem.code} ${problem.errors?.[0]?.field} ${problem.detail}`;
const TLS12 = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const TLS13 = 'TLS_AES_128_GCM_SHA256';

test('built-in policies come first, are used by name, and cannot be changed', async (t) => {
  const running = await Running.start(t);
  await running.call('createSecurityPolicy', { body: { name: 'own', versions: ['1.3'], ciphers: [TLS13] } });
  const { items } = await running.call('listSecurityPolicies');
  assert.deepEqual(
    items.map(({ id, builtIn }) => [builtIn ? id : 'own', builtIn]),
    [
      ['tls-1-2-2025', true],
      ['tls-1-2-strict', true],
      ['tls-1-3-only', true],
      ['compatible', true],
      ['own', false],
    ],
  );
  const first = await running.call('listSecurityPolicies', { query: { limit: 3 } });
  const rest = await running.call('listSecurityPolicies', { query: { limit: 3, cursor: first.nextCursor! } });
  assert.deepEqual([...first.items, ...rest.items], items);
  const custom = await running.call('listSecurityPolicies', { query: { builtIn: 'false' } });
  assert.deepEqual(
    custom.items.map(({ name }) => name),
    ['own'],
  );
  const params = { securityPolicyId: 'tls-1-3-only' };
  assert.equal((await running.call('getSecurityPolicy', { params })).name, 'tls-1-3-only');
  for (const name of ['updateSecurityPolicy', 'deleteSecurityPolicy'] as const) {
    const body = name === 'updateSecurityPolicy' ? { description: 'x' } : undefined;
    assert.match(firstError(await running.refused(name, { params, body })), /^built-in .*is built in/);
  }
  const taken = await running.refused('createSecurityPolicy', {
    body: { name: 'compatible', versions: ['1.3'], ciphers: [TLS13] },
  });
  assert.equal(taken.code, 'name-taken');
});

test('every version needs a cipher and every cipher its version', async (t) => {
  const running = await Running.start(t);
  const refusal = async (versions: string[], ciphers: string[]) =>
    firstError(await running.refused('createSecurityPolicy', { body: { name: 'p', versions, ciphers } }));
  assert.match(await refusal(['1.2', '1.3'], [TLS12]), /versions\/1 .*TLS 1\.3 has none of its ciphers/);
  assert.match(await refusal(['1.3'], [TLS13, TLS12]), /ciphers\/1 .*is of TLS 1\.2, which is not among the versions/);
  assert.match(await refusal(['1.1'], [TLS12]), /validation-failed \/versions\/0/);
  assert.match(await refusal(['1.2'], ['RC4-SHA']), /validation-failed \/ciphers\/0/);
  assert.match(await refusal([], [TLS12]), /validation-failed \/versions/);
  const made = await running.call('createSecurityPolicy', {
    body: { name: 'p', versions: ['1.3', '1.2'], ciphers: [TLS12, TLS13] },
  });
  const params = { securityPolicyId: made.id };
  const problem = await running.refused('updateSecurityPolicy', { params, body: { versions: ['1.2'] } });
  assert.match(firstError(problem), /ciphers\/1/);
});

test('a policy that listeners use is neither deleted nor made useless for them', async (t) => {
  const running = await Running.start(t);
  const body = { name: 'p', versions: ['1.2'], ciphers: [TLS12, 'ECDHE-RSA-AES128-GCM-SHA256'] };
  const policy = await running.call('createSecurityPolicy', { body });
  const certificate = await running.call('createCertificate', { body: upload(SITE) });
  const { id } = await running.call('createLoadBalancer', { body: { name: 'a' } });
  await running.call('createListener', {
    body: {
      loadBalancerId: id,
      protocol: 'tls',
      port: 1,
      defaultCertificateIds: [certificate.id],
      securityPolicyId: policy.id,
    },
  });
  const params = { securityPolicyId: policy.id };
  assert.equal((await running.refused('deleteSecurityPolicy', { params })).code, 'resource-in-use');
  const problem = await running.refused('updateSecurityPolicy', {
    params,
    body: { ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'] },
  });
  assert.match(firstError(problem), /certificate-mismatch \/ciphers .*of listener tls-1/);
});

test('OpenSSL knows every cipher that is listed', async (t) => {
  const running = await Running.start(t);
  const { items } = await running.call('listCiphers', { query: { limit: 500 } });
  const known = new Set(tls.getCiphers());
  for (const { name, version, forwardSecrecy } of items) {
    assert.ok(known.has(name.toLowerCase()), name);
    assert.equal(forwardSecrecy, version === '1.3' || name.startsWith('ECDHE'), name);
  }
  assert.equal(items[0]!.version, '1.3');
});

test('an authority takes CA and self-signed certificates, and revocation lists that they signed', async (t) => {
  const running = await Running.start(t);
  const selfSigned = issue({ commonName: 'pinned' });
  const leaf = issue({ commonName: 'leaf', issuer: ROOT });
  const stranger = issue({ commonName: 'stranger', ca: true });
  const past = new Date(Date.now() - 1_000);
  const expired = issue({ ca: true, notAfter: past });
  const list = revocationList(ROOT, { revoked: [leaf] });
  const refusals: readonly [object, RegExp][] = [
    [{ certificates: leaf.certificate }, /certificates: the certificate of CN=leaf is neither/],
    [{ certificates: expired.certificate }, /certificates: .* expired on/],
    [{ certificates: ROOT.certificate + ROOT.key }, /certificates: holds a private key/],
    [{ certificates: stranger.certificate, revocationLists: list }, /revocationLists: list 1 is signed by none/],
    [{ certificates: ROOT.certificate, revocationLists: 'x' }, /revocationLists: holds no revocation list/],
    [{ certificates: ROOT.certificate, revocationLists: '\n' }, /revocationLists: holds no revocation list/],
    [{ certificates: ROOT.certificate, revocationLists: ROOT.certificate }, /revocationLists: holds a certificate/],
    [
      { certificates: ROOT.certificate, revocationLists: revocationList(ROOT, { nextUpdate: past }) },
      /revocationLists: .* ran out/,
    ],
  ];
  for (const [body, says] of refusals)
    assert.match(firstError(await running.refused('createAuthority', { body })), says);

  const both = ROOT.certificate + selfSigned.certificate + ROOT.certificate;
  const made = await running.call('createAuthority', { body: { certificates: both, revocationLists: list } });
  assert.deepEqual(
    made.certificates.map(({ subject }) => subject),
    ['CN=Test Root', 'CN=pinned'],
  );
  assert.deepEqual(
    made.revocationLists.map(({ issuer, revoked }) => [issuer, revoked]),
    [['CN=Test Root', 1]],
  );
  assert.deepEqual([made.daysLeft, made.status], [6, 'expiring'], 'the list runs out first');
  const params = { authorityId: made.id };
  const without = await running.call('updateAuthority', { params, body: { revocationLists: '' } });
  assert.deepEqual([without.revocationLists, without.certificates.length, without.status], [[], 2, 'valid']);
});

test('a revocation list of a key of another kind is signed by none', async (t) => {
  const running = await Running.start(t);
  const edwards = issue({ commonName: 'Test Root', ca: true, key: 'ed25519' });
  for (const [own, list] of [
    [ROOT, revocationList(edwards)],
    [edwards, revocationList(ROOT)],
  ] as const) {
    const body = { certificates: own.certificate, revocationLists: list };
    assert.match(firstError(await running.refused('createAuthority', { body })), /signed by none/);
  }
  const body = { certificates: edwards.certificate, revocationLists: revocationList(edwards) };
  assert.equal((await running.call('createAuthority', { body })).revocationLists.length, 1);
});
