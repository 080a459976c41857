import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHostName, coversName } from './host-names.ts';

for (const [text, name] of [
  ['WWW.Example.com', 'www.example.com'],
  ['www.example.com.', 'www.example.com'],
  ['*.example.com', '*.example.com'],
  ['localhost', 'localhost'],
  ['_dmarc.example.com', '_dmarc.example.com'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['*.com', null],
  ['*', null],
  ['a.*.com', null],
  ['w*.example.com', null],
  ['-a.example.com', null],
  ['a..b', null],
  ['', null],
  ['a b', null],
  ['a\nb', null],
  ['10.0.0.1', null],
  ['münchen.de', null],
  [`${'a'.repeat(64)}.de`, null],
  [`${'a.'.repeat(127)}a`, null],
] as const) {
  test(`${JSON.stringify(text.slice(0, 30))} is ${name === null ? 'no host name' : name}`, () => {
    assert.equal(canonicalHostName(text), name);
  });
}

test('a wildcard stands for one whole label (RFC 9525 §6.3)', () => {
  const names = ['example.com', '*.example.com'];
  const covered = ['example.com', 'www.example.com', '*.example.com'];
  for (const name of covered) assert.ok(coversName(names, name), name);
  for (const name of ['a.b.example.com', 'com', '*.com', 'xexample.com', '']) assert.ok(!coversName(names, name), name);
  assert.ok(!coversName(['www.example.com'], '*.example.com'));
});
