import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeBytes, fromHex, toHex, unescapeBytes } from './escaped-bytes.ts';

test('every byte survives being written as text, and as hexadecimal digits', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(unescapeBytes(escapeBytes(all)), all);
  assert.match(escapeBytes(all), /^[ -~]*$/);
  assert.deepEqual(fromHex(toHex(all)), all);
});

test('text is what it looks like', () => {
  assert.equal(escapeBytes(Buffer.from('PING\r\n\\')), 'PING\\r\\n\\\\');
  assert.deepEqual(Buffer.from(unescapeBytes('é\\x00')!), Buffer.from('é\0'));
  assert.deepEqual(fromHex('50 49'), Uint8Array.from([0x50, 0x49]));
});

test('what is no such text is refused', () => {
  for (const text of ['\\q', '\\', 'a\\x0', '\\xzz']) assert.equal(unescapeBytes(text), null, text);
  for (const text of ['5', 'zz', '0x50']) assert.equal(fromHex(text), null, text);
});
