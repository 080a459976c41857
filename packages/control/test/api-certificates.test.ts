import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { type Identity, issue, ocspResponse } from '@evenkeel/testbed/certificates/issue.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY);
const usersOf = (problem: Problem) => (problem.usedBy ?? []).map(({ name }) => name);
const firstError = (problem: Problem) => `${problem.code} ${problem.errors![0]!.field} ${problem.errors![0]!.reason}`;

/** A load balancer with an https listener that shows the certificate. */
async function httpsListener(running: Running, certificateId: string, more: object = {}) {
  const { id: loadBalancerId } = await running.call('createLoadBalancer', { body: { name: 'shop' } });
  const body = { loadBalancerId, protocol: 'https', port: 443, defaultCertificateIds: [certificateId], ...more };
  return running.call('createListener', { body });
}

test('a certificate shows what it is, and never its key', async (t) => {
  const running = await Running.start(t);
  const chain = SITE.certificate + ROOT.certificate;
  const answer = await running.try('createCertificate', { body: { name: 'site', chain, privateKey: SITE.key } });
  assert.equal(answer.status, 201);
  const made = answer.body as Awaited<ReturnType<typeof running.call<'createCertificate'>>>;
  assert.deepEqual(
    [made.name, made.names, made.keyType, made.keySize, made.status, made.stapled, made.usedBy],
    ['site', ['example.com', '*.example.com'], 'ecdsa', 256, 'valid', false, []],
  );
  assert.deepEqual(
    made.chain.map(({ subject, issuer }) => [subject, issuer]),
    [
      ['CN=example.com', 'CN=Test Root'],
      ['CN=Test Root', 'CN=Test Root'],
    ],
  );
  assert.equal(made.daysLeft, 89);
  const params = { certificateId: made.id };
  const { operationId: _, ...shown } = made;
  assert.deepEqual(await running.call('getCertificate', { params }), shown);
  assert.deepEqual((await running.call('listCertificates')).items, [shown]);
  for (const [query, found] of [
    [{ hostName: 'WWW.example.com' }, 1],
    [{ hostName: 'a.b.example.com' }, 0],
    [{ status: 'expiring' }, 0],
    [{ name: 'site' }, 1],
  ] as const) {
    const { items } = await running.call('listCertificates', { query });
    assert.equal(items.length, found, JSON.stringify(query));
  }
});

test('one that is about to expire is marked', async (t) => {
  const running = await Running.start(t);
  const soon = issue({ names: ['a.test'], notAfter: inDays(29) });
  const made = await running.call('createCertificate', { body: upload(soon) });
  assert.deepEqual([made.status, made.daysLeft, made.name], ['expiring', 28, made.id]);
  const later = issue({ names: ['a.test'], notBefore: inDays(1) });
  assert.equal((await running.call('createCertificate', { body: upload(later) })).status, 'not-yet-valid');
});

const middle = issue({ commonName: 'Middle', ca: true, issuer: ROOT });
const leaf = issue({ commonName: 'leaf', names: ['leaf.test'], issuer: middle });
const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n';
const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const REFUSED: readonly [string, { chain: string; privateKey: string }, RegExp][] = [
  ['an expired one', upload(issue({ notAfter: inDays(-1) })), /chain the certificate of CN=test expired on/],
  [
    'one that ends before it begins',
    upload(issue({ notBefore: inDays(0), notAfter: inDays(-1) })),
    /chain the time of certificate 1 ends on [\d-]+, before it begins on/,
  ],
  ['one with an expired issuer', expiredIssuer(), /chain the certificate of CN=Old expired on/],
  ['the key of another', { ...upload(SITE), privateKey: ROOT.key }, /privateKey does not belong to .*CN=example.com/],
  [
    'a chain that ends with the server',
    { chain: middle.certificate + leaf.certificate, privateKey: leaf.key },
    /chain begins with the wrong certificate: the key belongs to number 2/,
  ],
  [
    'a chain with a stranger',
    { chain: leaf.certificate + ROOT.certificate, privateKey: leaf.key },
    /chain certificate 2 did not sign certificate 1/,
  ],
  ['a weak key', upload(issue({ key: 'rsa-1024' })), /privateKey is not RSA of 2048 to/],
  ['a curve that few clients know', upload(issue({ key: 'p521' })), /privateKey is not RSA/],
  ['another kind of key', upload(issue({ key: 'ed25519' })), /privateKey is not RSA/],
  ['an encrypted key', { ...upload(SITE), privateKey: encrypted }, /privateKey is encrypted; decrypt it first/],
  ['no key', { ...upload(SITE), privateKey: SITE.certificate }, /privateKey holds no private key/],
  ['two keys', { ...upload(SITE), privateKey: SITE.key + ROOT.key }, /privateKey holds 2 private keys/],
  [
    'a key among the certificates',
    { ...upload(SITE), chain: SITE.certificate + SITE.key },
    /chain holds a private key/,
  ],
  ['a weak signature', upload(issue({ issuer: ROOT, hash: 'sha1' })), /chain .* is signed with ecdsa-with-SHA1/],
  ['no certificate', { ...upload(SITE), chain: 'hello' }, /chain holds no certificate/],
  ['a damaged certificate', { ...upload(SITE), chain: garbage }, /chain certificate 1 cannot be read/],
  ['a certificate for clients', upload(issue({ use: 'client' })), /chain the first certificate is not for servers/],
  ['a chain without an end', { ...upload(SITE), chain: SITE.certificate.repeat(11) }, /chain holds more than 10/],
];

function expiredIssuer() {
  const old = issue({ commonName: 'Old', ca: true, notAfter: inDays(-1) });
  const own = issue({ issuer: old });
  return { chain: own.certificate + old.certificate, privateKey: own.key };
}

test('what cannot work is refused, with field and reason', async (t) => {
  const running = await Running.start(t);
  for (const [name, body, says] of REFUSED) {
    await t.test(name, async () => {
      const problem = await running.refused('createCertificate', { body });
      assert.equal(problem.code, 'certificate-invalid');
      assert.match(firstError(problem), says);
    });
  }
  assert.deepEqual((await running.call('listCertificates')).items, []);
});

test('an RSA certificate without alternative names is for its common name', async (t) => {
  const running = await Running.start(t);
  const made = await running.call('createCertificate', {
    body: upload(issue({ commonName: 'Old.Test', key: 'rsa-2048' })),
  });
  assert.deepEqual([made.names, made.keyType, made.keySize], [['old.test'], 'rsa', 2_048]);
});

test('an OCSP response has to be good, about the certificate, and in its time', async (t) => {
  const running = await Running.start(t);
  const of = (identity: Identity, more?: object) => upload(SITE, { ocspResponse: ocspResponse(ROOT, identity, more) });
  const refusal = async (body: object) => firstError(await running.refused('createCertificate', { body }));
  assert.match(await refusal(of(ROOT)), /ocspResponse is not about the certificate/);
  assert.match(await refusal(of(SITE, { good: false })), /ocspResponse says that the certificate is revoked/);
  assert.match(await refusal(of(SITE, { nextUpdate: inDays(-1) })), /ocspResponse ran out/);
  assert.match(await refusal(of(SITE, { thisUpdate: inDays(1), nextUpdate: inDays(2) })), /ocspResponse is not good b/);
  assert.match(await refusal(upload(SITE, { ocspResponse: 'MAAK' })), /ocspResponse is no successful OCSP response/);
  const made = await running.call('createCertificate', { body: of(SITE) });
  assert.equal(made.stapled, true);
  assert.ok(Date.parse(made.stapledUntil!) > Date.now());
  const params = { certificateId: made.id };
  const renewed = issue({ names: ['example.com', '*.example.com'], issuer: ROOT });
  const replaced = await running.call('updateCertificate', { params, body: upload(renewed) });
  assert.deepEqual([replaced.stapled, replaced.stapledUntil], [false, null]);
});

test('a certificate is replaced in place, with everything that shows it in mind', async (t) => {
  const running = await Running.start(t);
  const first = await running.call('createCertificate', { body: upload(SITE, { name: 'site' }) });
  const params = { certificateId: first.id };
  await httpsListener(running, first.id, { certificates: [{ name: 'www.example.com', certificateId: first.id }] });

  const renewed = issue({ commonName: 'renewed', names: ['www.example.com'], issuer: ROOT });
  const second = await running.call('updateCertificate', { params, body: upload(renewed) });
  assert.deepEqual([second.id, second.name, second.names], [first.id, 'site', ['www.example.com']]);
  assert.deepEqual(
    second.usedBy.map(({ kind, name }) => [kind, name]),
    [['listener', 'https-443']],
  );
  const again = await running.call('updateCertificate', { params, body: upload(renewed) });
  assert.equal(again.generation, second.generation, 'the same material is no change');

  const other = issue({ names: ['other.test'], issuer: ROOT });
  const problem = await running.refused('updateCertificate', { params, body: upload(other) });
  assert.match(
    firstError(problem),
    /certificate-mismatch \/chain does not do for listener https-443 .*www\.example\.com/,
  );
  const foreign = await running.refused('updateCertificate', { params, body: { chain: other.certificate } });
  assert.match(firstError(foreign), /privateKey does not belong/);
  const sameKey = await running.call('updateCertificate', {
    params,
    body: { chain: renewed.certificate + ROOT.certificate },
  });
  assert.equal(sameKey.chain.length, 2);
});

test('what is in use cannot be deleted; the users are listed', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createCertificate', { body: upload(SITE) });
  const listener = await httpsListener(running, id);
  const problem = await running.refused('deleteCertificate', { params: { certificateId: id } });
  assert.deepEqual([problem.code, usersOf(problem)], ['resource-in-use', ['https-443']]);
  await running.call('deleteListener', { params: { listenerId: listener.id } });
  await running.call('deleteCertificate', { params: { certificateId: id } });
  assert.deepEqual((await running.call('listCertificates')).items, []);
});

test('names and numbers of certificates are limited', async (t) => {
  const running = await Running.start(t);
  await running.call('createCertificate', { body: upload(SITE, { name: 'site' }) });
  const problem = await running.refused('createCertificate', { body: upload(SITE, { name: 'site' }) });
  assert.equal(problem.code, 'name-taken');
});

test('the operation of a replacement waits for the listeners that show the certificate', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createCertificate', { body: upload(SITE) });
  const listener = await httpsListener(running, id);
  const refusal = { listenerId: listener.id, code: 'failed', detail: 'not taken' };
  await FakeAgent.connect(running, { refuses: (plan) => (plan.version > 3 ? [refusal] : []) });
  const renewed = issue({ names: ['example.com'], issuer: ROOT });
  const { operationId } = await running.call('updateCertificate', {
    params: { certificateId: id },
    body: upload(renewed),
  });
  const query = { wait: 'applied', timeout: 10 };
  const operation = await running.call('getOperation', { params: { operationId }, query });
  const [refused] = operation.nodes[0]!.refused;
  assert.deepEqual([operation.status, refused?.listenerId, refused?.detail], ['refused', listener.id, 'not taken']);
});
