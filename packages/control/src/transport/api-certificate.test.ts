import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StartError } from '../start-error.ts';
import { ApiCertificate } from './api-certificate.ts';
import { isLoopback, makeSelfSigned } from './self-signed.ts';

const DAY = 86_400_000;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-api-tls-'));
  t.after(() => rmSync(path, { recursive: true }));
  mkdirSync(join(path, 'credentials'));
  return path;
}

test('a certificate that is made here is sound, and for every name and address that was asked for', () => {
  const now = Date.now();
  const names = ['localhost', '127.0.0.1', '::1', '2001:db8::7', 'api.example.com'];
  const { certificate, key } = makeSelfSigned(names, now);
  const x509 = new X509Certificate(certificate);
  assert.ok(x509.verify(x509.publicKey), 'it has signed itself');
  assert.match(key, /BEGIN PRIVATE KEY/);
  assert.equal(x509.ca, false);
  assert.equal(x509.checkHost('localhost'), 'localhost');
  assert.equal(x509.checkHost('api.example.com'), 'api.example.com');
  for (const address of ['127.0.0.1', '::1', '2001:db8::7']) assert.ok(x509.checkIP(address), address);
  assert.equal(x509.checkHost('other.example.com'), undefined);
  assert.ok(Date.parse(x509.validFrom) <= now && Date.parse(x509.validTo) > now + 397 * DAY);
});

test('one that is made is kept, for its owner alone, and made anew in time', (t) => {
  const home = folder(t);
  let now = Date.now();
  const options = { tls: { kind: 'self-signed' }, home, host: '0.0.0.0', now: () => now } as const;
  const first = new ApiCertificate(options);
  assert.equal(statSync(join(home, 'credentials', 'api-key.pem')).mode & 0o777, 0o600);
  assert.equal(new ApiCertificate(options).shown.fingerprint, first.shown.fingerprint);
  assert.equal(first.refresh(), false);
  now += 398 * DAY;
  const before = first.shown.fingerprint;
  assert.equal(first.refresh(), true);
  assert.notEqual(first.shown.fingerprint, before);
  assert.equal(first.refresh(), false, 'once');
});

test('the one that comes after it is made a week before, kept over restarts, and then shown', (t) => {
  const home = folder(t);
  const time = { now: Date.now() };
  const options = { tls: { kind: 'self-signed' }, home, host: '127.0.0.1', now: () => time.now } as const;
  const certificate = new ApiCertificate(options);
  const first = certificate.shown.fingerprint;
  time.now += 360 * DAY;
  assert.equal(certificate.refresh(), false);
  assert.equal(certificate.next, null);
  time.now += 2 * DAY;
  assert.equal(certificate.refresh(), false, 'it is not shown yet');
  const next = certificate.next!.fingerprint;
  assert.notEqual(next, first);
  assert.equal(statSync(join(home, 'credentials', 'api-key-next.pem')).mode & 0o777, 0o600);
  time.now += 5 * DAY;
  const again = new ApiCertificate(options);
  assert.deepEqual([again.shown.fingerprint, again.next!.fingerprint], [first, next]);
  time.now += 2 * DAY;
  assert.equal(again.refresh(), true);
  assert.deepEqual([again.shown.fingerprint, again.next], [next, null]);
  assert.equal(statSync(join(home, 'credentials', 'api-key-next.pem'), { throwIfNoEntry: false }), undefined);
  assert.equal(new ApiCertificate(options).shown.fingerprint, next);
});

test('a disk that is full, or a next one that is damaged, keeps nobody from starting with the one there is', (t) => {
  const home = folder(t);
  const time = { now: Date.now() };
  const options = { tls: { kind: 'self-signed' }, home, host: '127.0.0.1', now: () => time.now } as const;
  const first = new ApiCertificate(options).shown.fingerprint;
  time.now += 363 * DAY;
  // Where its key would be written to, there is a folder.
  mkdirSync(join(home, 'credentials', 'api-key-next.pem'));
  const certificate = new ApiCertificate(options);
  assert.throws(() => certificate.refresh(), /EISDIR|directory/);
  assert.equal(certificate.refresh(), false, 'it is tried again later, not each time');
  assert.equal(certificate.shown.fingerprint, first);
  rmSync(join(home, 'credentials', 'api-key-next.pem'), { recursive: true });
  time.now += DAY;
  certificate.refresh();
  const lost = certificate.next!.fingerprint;
  writeFileSync(join(home, 'credentials', 'api-certificate-next.pem'), 'nonsense');
  time.now += 7 * DAY;
  const again = new ApiCertificate(options);
  assert.equal(again.refresh(), false);
  assert.equal(again.shown.fingerprint, first);
  assert.notEqual(again.next!.fingerprint, lost, 'nodes are told of another one, and for as long');
});

test('one that is still good gives way to none that nodes were not told of for a week, however late that was made', (t) => {
  for (const stoppedFor of [361, 367.75, 380]) {
    const home = folder(t);
    const time = { now: Date.now() };
    const options = { tls: { kind: 'self-signed' }, home, host: '127.0.0.1', now: () => time.now } as const;
    const first = new ApiCertificate(options).shown.fingerprint;
    time.now += stoppedFor * DAY;
    const certificate = new ApiCertificate(options);
    assert.equal(certificate.shown.fingerprint, first, 'a start makes none in its place');
    assert.equal(certificate.refresh(), false);
    const next = certificate.next!.fingerprint;
    time.now += 6 * DAY;
    assert.equal(certificate.refresh(), false, 'the week is that of the next one');
    assert.deepEqual([new ApiCertificate(options).shown.fingerprint, certificate.next!.fingerprint], [first, next]);
    time.now += DAY;
    assert.equal(certificate.refresh(), true);
    assert.equal(certificate.shown.fingerprint, next);
  }
});

test('on its last day one gives way to what nodes were told of for as long as is left, and at its end in any case', (t) => {
  const home = folder(t);
  const time = { now: Date.now() };
  const options = { tls: { kind: 'self-signed' }, home, host: '127.0.0.1', now: () => time.now } as const;
  const certificate = new ApiCertificate(options);
  time.now += 394 * DAY;
  certificate.refresh();
  const next = certificate.next!.fingerprint;
  time.now += 2 * DAY;
  assert.equal(certificate.refresh(), false);
  time.now += DAY;
  assert.equal(certificate.refresh(), true, 'a day before the end');
  assert.equal(certificate.shown.fingerprint, next);

  time.now += 394.5 * DAY;
  assert.equal(certificate.refresh(), false, 'half a day before the end of that one');
  const last = certificate.next!.fingerprint;
  time.now += 0.125 * DAY;
  assert.equal(certificate.refresh(), false);
  time.now += DAY;
  assert.equal(new ApiCertificate(options).shown.fingerprint, last, 'and none that nobody was told of');
});

test('files that changed are read again; what does not fit is told once, and the old one stays', (t) => {
  const home = folder(t);
  const files = { kind: 'files', certificate: join(home, 'cert.pem'), key: join(home, 'key.pem') } as const;
  let time = 1_000;
  const put = (certificate: string, key: string): void => {
    writeFileSync(files.certificate, certificate);
    writeFileSync(files.key, key);
    // Two writes within one tick of the file system would look the same.
    utimesSync(files.certificate, ++time, time);
  };
  const [one, two] = [makeSelfSigned(['a'], Date.now()), makeSelfSigned(['b'], Date.now())];
  put(one.certificate, one.key);
  const certificate = new ApiCertificate({ tls: files, home, host: '127.0.0.1', now: Date.now });
  put(two.certificate, one.key);
  assert.throws(() => certificate.refresh(), /key values mismatch/);
  assert.equal(certificate.refresh(), false);
  assert.equal(certificate.shown.certificate, one.certificate);
  put(two.certificate, two.key);
  assert.equal(certificate.refresh(), true);
  assert.equal(certificate.shown.fingerprint, new X509Certificate(two.certificate).fingerprint256);
  rmSync(files.key);
  assert.throws(
    () => new ApiCertificate({ tls: files, home, host: '::', now: Date.now }),
    (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /ENOENT.*--api-certificate and --api-key, or let one be made with --api-self-signed/);
      return true;
    },
  );
});

test('what is beyond loopback', () => {
  for (const host of ['127.0.0.1', '127.9.8.7', '::1', '0:0:0:0:0:0:0:1']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost', '::ffff:10.0.0.1', ''])
    assert.ok(!isLoopback(host), host);
});
