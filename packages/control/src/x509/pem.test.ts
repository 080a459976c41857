import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pemBlocks, pemBytes } from './pem.ts';

const block = (label: string, body = 'AAAA') => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;

test('blocks are found among commentary, with lines that end in either way', () => {
  const text = `subject: a\n${block('CERTIFICATE')}\nissuer: b\r\n${block('X509 CRL', 'BBBB').replaceAll('\n', '\r\n')}  \n`;
  assert.deepEqual(pemBlocks(text), [
    { label: 'CERTIFICATE', text: block('CERTIFICATE') },
    { label: 'X509 CRL', text: block('X509 CRL', 'BBBB') },
  ]);
  assert.deepEqual(pemBlocks(block('A', 'AA\nBB').replace(/^/gm, '    ')), [
    { label: 'A', text: block('A', 'AA\nBB') },
  ]);
  assert.deepEqual(pemBlocks(''), []);
  assert.deepEqual(pemBlocks('hello'), []);
});

test('a block that does not end, or ends as another, is none', () => {
  assert.deepEqual(pemBlocks(`-----BEGIN A-----\nAAAA\n${block('B')}`), [{ label: 'B', text: block('B') }]);
  assert.deepEqual(pemBlocks('-----BEGIN A-----\nAAAA\n-----END B-----\n'), []);
  assert.deepEqual(pemBlocks('-----END A-----\n'), []);
});

test('a megabyte of beginnings is read in one go', () => {
  const started = process.cpuUsage();
  assert.deepEqual(pemBlocks('-----BEGIN A-----\n'.repeat(60_000)), []);
  const { user } = process.cpuUsage(started);
  assert.ok(user < 2_000_000, `${user} µs`);
});

test('what is not base64 has no bytes', () => {
  assert.deepEqual(pemBytes(pemBlocks(block('A', 'AQID\nBA=='))[0]!), Buffer.from([1, 2, 3, 4]));
  for (const body of ['', 'A*', 'A=A=', '===='])
    assert.equal(pemBytes({ label: 'A', text: block('A', body) }), null, body);
});
