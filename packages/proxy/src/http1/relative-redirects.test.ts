import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { FieldTable, parseFields } from './fields.ts';
import { askedHost, makeRelative } from './relative-redirects.ts';
import { RequestHead } from './request-head.ts';

/** The field lines as they are afterwards. */
function after(lines: string, asked: string): string {
  const memory = new Uint8Array(1_024);
  const bytes = Buffer.from(`${lines}\r\n\r\n`, 'latin1');
  memory.set(bytes);
  const table = new FieldTable();
  assert.equal(parseFields(memory, null, 0, bytes.length, table), 0);
  makeRelative(memory, table, asked);
  return Buffer.from(memory.subarray(0, bytes.length - 4)).toString('latin1');
}

/** The value of a Location that was `url`, when `asked` was the host. */
function sent(url: string, asked: string): string {
  const line = after(`Location: ${url}`, asked);
  assert.equal(line.length, `Location: ${url}`.length, 'nothing moves');
  return line.slice('Location:'.length).trim();
}

for (const [url, asked, expected] of [
  ['http://www.test/a/b?c=d#e', 'www.test', '/a/b?c=d#e'],
  ['HTTP://WWW.Test/a', 'www.test', '/a'],
  ['http://www.test', 'www.test', '/'],
  ['http://www.test?x=1', 'www.test', '/?x=1'],
  ['http://www.test#top', 'www.test', '/#top'],
  ['http://www.test:80/a', 'www.test', '/a'],
  ['http://www.test/a', 'www.test:8443', '/a'],
  ['http://www.test:8443/a', 'www.test:8443', '/a'],
  ['http://[::1]:80/a', '[::1]:8443', '/a'],
  ['http://[::1]/a', '[::1]', '/a'],
] as const) {
  test(`${url} is ${expected} for who asked ${asked}`, () => assert.equal(sent(url, asked), expected));
}

for (const [url, why] of [
  ['https://www.test/a', 'the target means this scheme'],
  ['http://other.test/a', 'another host'],
  ['http://www.test.evil/a', 'another host that begins alike'],
  ['http://www.test:9000/a', 'another port'],
  ['http://www.test@evil.test/a', 'a user of another host'],
  ['http://evil.test@www.test/a', 'a user'],
  ['http://www.test//evil.test/a', 'another host would begin'],
  ['http://www.test/\\evil.test/a', 'another host would begin for browsers'],
  ['http://www.test\\evil.test', 'the same'],
  ['http://www.test/\t/evil.test/a', 'another host would begin for browsers, which take tabs away'],
  ['http://www.test/\t\t/evil.test/a', 'the same'],
  ['http://www.test/\t\\evil.test/a', 'the same'],
  ['http://www.test\t//evil.test/a', 'a tab is of no host'],
  ['http:/www.test/a', 'no host'],
  ['http://', 'no host'],
  ['/a', 'relative already'],
] as const) {
  test(`${url} stays: ${why}`, () => assert.equal(sent(url, 'www.test'), url));
}

test('every Location is looked at, and no other field', () => {
  const lines = 'X-Location: http://www.test/a\r\nlocation:http://www.test/b\r\nContent-Location: http://www.test/c';
  assert.equal(
    after(lines, 'www.test'),
    `X-Location: http://www.test/a\r\nlocation:${' '.repeat(15)}/b\r\nContent-Location: http://www.test/c`,
  );
});

test('the host is kept for listeners that want it alone', () => {
  const memory = new Uint8Array(1_024);
  const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: WWW.Test:81\r\n\r\n', 'latin1');
  memory.set(bytes);
  const head = new RequestHead();
  assert.equal(head.parse(memory, 0, bytes.length), 0);
  assert.equal(askedHost({ ...PLAIN_HTTP, relativeRedirects: true }, memory, head), 'www.test:81');
  assert.equal(askedHost(PLAIN_HTTP, memory, head), '');
  assert.equal(askedHost(null, memory, head), '');
});
