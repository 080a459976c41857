import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requires } from '../requirements.ts';
import { issue, ocspResponse, revocationList } from './issue.ts';

test('a certificate belongs to its key, was signed by its issuer, and says what it is for', () => {
  const root = issue({ commonName: 'root', ca: true, key: 'p384' });
  const own = issue({
    commonName: 'own',
    names: ['a.test', '*.b.test'],
    addresses: ['127.0.0.1'],
    issuer: root,
    use: 'server',
  });
  const certificate = new X509Certificate(own.certificate);
  const authority = new X509Certificate(root.certificate);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(own.key)));
  assert.ok(certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
  assert.equal(certificate.subjectAltName, 'DNS:a.test, DNS:*.b.test, IP Address:127.0.0.1');
  assert.deepEqual([authority.ca, certificate.ca], [true, false]);
});

test('OpenSSL reads revocation lists and OCSP responses', { skip: requires('openssl') }, (t) => {
  const root = issue({ commonName: 'root', ca: true });
  const own = issue({ issuer: root });
  const list = execFileSync('openssl', ['crl', '-noout', '-text'], { input: revocationList(root, { revoked: [own] }) });
  assert.match(String(list), new RegExp(`Serial Number: ${new X509Certificate(own.certificate).serialNumber}`, 'i'));
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-certificates-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'response.der');
  writeFileSync(file, Buffer.from(ocspResponse(root, own), 'base64'));
  const response = execFileSync('openssl', ['ocsp', '-respin', file, '-text', '-noverify'], { stdio: 'pipe' });
  assert.match(String(response), /Cert Status: good/);
});

test('one that has expired was valid for a day before', () => {
  const notAfter = new Date(Date.now() - 86_400_000);
  const { validFromDate, validToDate } = new X509Certificate(issue({ notAfter }).certificate);
  assert.equal(Number(validToDate) - Number(validFromDate), 86_400_000);
});
