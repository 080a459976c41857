import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryHome } from '../../../test/home.ts';
import { StartError } from '../../start-error.ts';
import { parsePostgresUrl } from './settings.ts';

test('a URL is read in all its parts, and its name has no password', () => {
  const { tls, ...settings } = parsePostgresUrl('postgres://ek:p%40ss@db.example.org:6432/lb');
  assert.deepEqual(settings, {
    host: 'db.example.org',
    port: 6_432,
    database: 'lb',
    user: 'ek',
    password: 'p@ss',
    name: 'postgres://ek@db.example.org:6432/lb',
  });
  assert.deepEqual(tls, { servername: 'db.example.org', rejectUnauthorized: true });
});

test('a server on this machine is asked without TLS, unless it is wanted', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    assert.equal(parsePostgresUrl(`postgresql://${host}/lb`).tls, false);
    assert.notEqual(parsePostgresUrl(`postgresql://${host}/lb?sslmode=verify-full`).tls, false);
  }
  assert.equal(parsePostgresUrl('postgres:///lb?host=/run/postgresql').host, '/run/postgresql');
});

test('how far a certificate is verified', (t) => {
  const path = join(temporaryHome(t), 'ca.pem');
  writeFileSync(path, 'PEM');
  const tlsOf = (query: string) => {
    const { tls } = parsePostgresUrl(`postgres://db.example.org/lb?${query}`);
    assert.ok(tls !== false);
    return tls;
  };
  assert.equal(tlsOf('sslmode=require').rejectUnauthorized, false);
  assert.equal(tlsOf('sslmode=verify-ca').checkServerIdentity?.('x', {} as never), undefined);
  assert.equal(tlsOf(`sslmode=verify-full&sslrootcert=${path}`).ca, 'PEM');
  assert.equal(parsePostgresUrl('postgres://db.example.org/lb?sslmode=disable').tls, false);
});

for (const [url, says] of [
  ['mysql://ek:hunter2@db/lb', /not a URL such as/],
  ['nonsense', /not a URL such as/],
  ['postgres://ek:hunter2@db', /names no database/],
  ['postgres:///lb', /names no host/],
  ['postgres://ek:hunter2@db/lb?sslmode=prefer', /sslmode prefer is not one of disable, require/],
  ['postgres://ek:hunter2@db/lb?timeout=1', /timeout is not a parameter; allowed are host, sslmode/],
  ['postgres://ek:hunter2@db/lb?sslrootcert=/none', /sslrootcert cannot be read/],
] as const) {
  test(`${url.replace('hunter2', '…')} is refused with a sentence`, () => {
    assert.throws(
      () => parsePostgresUrl(url),
      (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });
}
