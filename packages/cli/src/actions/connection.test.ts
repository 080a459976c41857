import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { EXIT } from '../exit-codes.ts';
import type { CliFailure } from '../failure.ts';
import { findConnection } from './connection.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function keep(path: string, content: unknown): void {
  mkdirSync(join(home, path, '..'), { recursive: true });
  writeFileSync(join(home, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function failure(work: () => unknown): CliFailure {
  try {
    work();
  } catch (error) {
    return error as CliFailure;
  }
  return assert.fail('nothing was thrown');
}

test('the home says where its control plane is, and has the token', () => {
  keep('credentials/admin.json', { token: 'secret' });
  assert.deepEqual(findConnection({ home }, {}), { url: 'http://127.0.0.1:7700', token: 'secret' });
  keep('credentials/admin.json', { token: 'secret', url: 'http://127.0.0.1:4000' });
  assert.deepEqual(findConnection({}, { EVENKEEL_HOME: home }), { url: 'http://127.0.0.1:4000', token: 'secret' });
});

test('options before the environment before the home', () => {
  keep('credentials/admin.json', { token: 'secret' });
  const env = { EVENKEEL_URL: 'http://10.0.0.1:1/', EVENKEEL_TOKEN: 'from-env' };
  assert.deepEqual(findConnection({ home }, env), { url: 'http://10.0.0.1:1', token: 'from-env' });
  assert.deepEqual(findConnection({ home, url: 'https://lb.example', token: 'own' }, env), {
    url: 'https://lb.example',
    token: 'own',
  });
});

test('a token alone is for the control plane of the home, or the usual place', () => {
  assert.deepEqual(findConnection({ home, token: 'own' }, {}), { url: 'http://127.0.0.1:7700', token: 'own' });
  keep('credentials/admin.json', { token: 'secret', url: 'http://127.0.0.1:4000' });
  assert.deepEqual(findConnection({ home, token: 'own' }, {}), { url: 'http://127.0.0.1:4000', token: 'own' });
});

test('the token of a home goes to this machine alone', () => {
  keep('credentials/admin.json', { token: 'secret' });
  for (const url of ['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9']) {
    assert.equal(findConnection({ home, url }, {}).token, 'secret');
  }
  const { message, exitCode } = failure(() => findConnection({ home, url: 'http://127.0.0.1.example.com' }, {}));
  assert.match(message, /no token for http:\/\/127\.0\.0\.1\.example\.com/);
  assert.equal(exitCode, EXIT.usage);
});

test('unless that is where the home says its control plane is', () => {
  keep('credentials/admin.json', { token: 'secret', url: 'http://10.0.0.5:7700' });
  assert.equal(findConnection({ home, url: 'http://10.0.0.5:7700/v1' }, {}).token, 'secret');
});

test('what is wrong is said in one sentence, without the token', () => {
  const absent = failure(() => findConnection({ home }, {}));
  assert.equal(absent.exitCode, EXIT.unreachable);
  assert.match(absent.message, /has never run here .*evenkeel start/);
  keep('credentials/admin.json', '{"token":"secret"');
  assert.match(failure(() => findConnection({ home }, {})).message, /admin\.json is not valid JSON/);
  keep('credentials/admin.json', { token: 7 });
  assert.match(failure(() => findConnection({ home }, {})).message, /holds no token/);
  assert.equal(failure(() => findConnection({ home, url: 'ftp://x' }, {})).exitCode, EXIT.usage);
  const broken = failure(() => findConnection({ home }, { EVENKEEL_TOKEN: 'secret\r' }));
  assert.equal(broken.exitCode, EXIT.usage);
  assert.ok(!broken.message.includes('secret'));
});

test('a credential of somebody else', { skip: process.getuid?.() === 0 && 'root may read everything' }, () => {
  keep('credentials/admin.json', { token: 'secret' });
  chmodSync(join(home, 'credentials/admin.json'), 0o000);
  assert.match(failure(() => findConnection({ home }, {})).message, /ask its owner for a token/);
});

test('the certificate: what options say, else what the home of that control plane says', () => {
  const pin = Array.from({ length: 32 }, () => 'AB').join(':');
  keep('credentials/admin.json', { token: 'secret', url: 'https://127.0.0.1:4000', fingerprint: pin });
  const known = { fingerprint: pin, orAuthorities: true };
  assert.deepEqual(findConnection({ home }, {}).trust, known);
  assert.deepEqual(findConnection({ home, token: 't' }, {}).trust, known);
  const elsewhere = { home, token: 't', url: 'https://10.0.0.1:7700' };
  assert.equal(findConnection(elsewhere, {}).trust, undefined);
  const given = pin.replaceAll(':', '').toLowerCase();
  assert.deepEqual(findConnection({ ...elsewhere, fingerprint: given }, {}).trust, { fingerprint: pin });
  assert.deepEqual(findConnection({ home }, { EVENKEEL_FINGERPRINT: given }).trust, { fingerprint: pin });
  keep('ca.pem', 'PEM');
  assert.deepEqual(findConnection({ ...elsewhere, ca: join(home, 'ca.pem') }, {}).trust, { ca: 'PEM' });
  assert.match(failure(() => findConnection({ home, fingerprint: 'ab' }, {})).message, /is no fingerprint/);
  assert.match(failure(() => findConnection({ home, ca: join(home, 'no') }, {})).message, /cannot be read \(ENOENT\)/);
});

test('a profile says what nothing else says, and its credential goes nowhere else', () => {
  const env = { XDG_CONFIG_HOME: home };
  const fingerprint = Array.from({ length: 32 }, () => 'CD').join(':');
  const prod = { url: 'https://lb:7700', accessKeyId: 'ak-1', accessKeySecret: 's', tenant: 'shop', fingerprint };
  keep('evenkeel/profiles.json', { profiles: { prod, plain: { url: 'https://other:7700', token: 't' } } });
  const accessKey = { id: 'ak-1', secret: 's' };
  assert.deepEqual(findConnection({ home, profile: 'prod' }, env), {
    url: 'https://lb:7700',
    accessKey,
    tenant: 'shop',
    trust: { fingerprint },
  });
  assert.equal(findConnection({ home }, { ...env, EVENKEEL_PROFILE: 'plain' }).token, 't');
  const own = findConnection({ home, profile: 'prod', token: 'mine', tenant: 'x' }, env);
  assert.deepEqual([own.token, own.url, own.tenant, own.accessKey], ['mine', 'https://lb:7700', 'x', undefined]);
  assert.match(
    failure(() => findConnection({ home, profile: 'prod', url: 'https://evil' }, env)).message,
    /is for https:\/\/lb/,
  );
  assert.match(failure(() => findConnection({ home, profile: 'no' }, env)).message, /there is no profile "no"/);
  keep('evenkeel/profiles.json', '{"profiles":');
  const message = failure(() => findConnection({ home, profile: 'prod' }, env)).message;
  assert.match(message, /holds no profiles/);

  const keys = { EVENKEEL_ACCESS_KEY_ID: 'ak-2', EVENKEEL_ACCESS_KEY_SECRET: 'x' };
  const url = 'https://lb:7700';
  assert.deepEqual(findConnection({ home, url }, keys), { url, accessKey: { id: 'ak-2', secret: 'x' } });
  assert.equal(
    findConnection({ home, url, token: 't' }, keys).accessKey,
    undefined,
    'a token that is given goes first',
  );
  assert.match(
    failure(() => findConnection({ home, url }, { EVENKEEL_ACCESS_KEY_ID: 'ak-2' })).message,
    /takes EVENKEEL_ACCESS/,
  );
});
