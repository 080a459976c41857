import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { browserRequest } from './browser-request.ts';

const SCRIPT = readFileSync(new URL('browser.lua', import.meta.url), 'utf8');

test('the paced load and wrk send the same fields', () => {
  const [, ...lines] = browserRequest({ path: '/1k', host: 'shop.example.com' }).trimEnd().split('\r\n');
  const table = /^wrk\.headers = \{\n(.*?)^\}/ms.exec(SCRIPT)![1]!;
  const script = [...table.matchAll(/\["([^"]+)"\] = .*?(?:"([^"]*)"|'([^']*)'),$/gm)];
  const wanted = script.map(([, name, quoted, single]) => `${name}: ${quoted ?? single}`);
  assert.equal(wanted.length, 12);
  assert.deepEqual(lines.toSorted(), wanted.toSorted());
});

test('a cookie of the balancer follows those of the application', () => {
  const head = browserRequest({ path: '/', host: 'h0.example.com', cookie: 'SRV=a' });
  assert.match(head, /^GET \/ HTTP\/1\.1\r\nHost: h0\.example\.com\r\n/);
  assert.match(head, /\r\nCookie: .*; theme=dark; SRV=a\r\n\r\n$/);
});
