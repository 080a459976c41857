import assert from 'node:assert/strict';
import { it } from 'node:test';
import { beginsPlainHttp } from './plain-http.ts';

const begins = (text: string): boolean => {
  const bytes = Buffer.from(`..${text}`, 'latin1');
  return beginsPlainHttp(bytes, 2, bytes.length);
};

for (const text of ['GET / HTTP/1.1\r\n', 'OPTIONS * HTTP/1.1\r\n', 'PROPFIND /a', 'PRI * HTTP/2.0\r\n', 'GET ']) {
  it(`takes ${JSON.stringify(text)} for HTTP`, () => assert.equal(begins(text), true));
}

for (const text of [
  '',
  'G',
  'GET',
  'GET\r\n',
  'get / HTTP/1.1',
  'AB c',
  'SSH-2.0-x',
  '\x16\x03\x01',
  `${'A'.repeat(30)} /`,
]) {
  it(`does not take ${JSON.stringify(text)} for HTTP`, () => assert.equal(begins(text), false));
}

it('looks at nothing behind the end', () => {
  assert.equal(beginsPlainHttp(Buffer.from('GET / HTTP/1.1'), 0, 3), false);
});
