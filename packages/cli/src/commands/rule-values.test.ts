import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  fieldMatch,
  headerEdit,
  jwtFile,
  path,
  redirect,
  respond,
  severalOrNone,
  shareOrNone,
  shares,
} from './rule-values.ts';
import { errorPage, NONE, wordsOrNone } from './values.ts';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-rule-values-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  const place = join(folder, name);
  writeFileSync(place, text);
  return place;
};

test('paths', () => {
  assert.deepEqual(path('/a'), { kind: 'exact', value: '/a' });
  assert.deepEqual(path('/a*'), { kind: 'prefix', value: '/a' });
  assert.deepEqual(path('~^/a*'), { kind: 'regex', value: '^/a*' });
  assert.deepEqual(path('~*^/a'), { kind: 'regex', value: '^/a', ignoreCase: true });
});

test('conditions on fields', () => {
  assert.deepEqual(fieldMatch('x-beta'), { name: 'x-beta', kind: 'present' });
  assert.deepEqual(fieldMatch('!x-beta'), { name: 'x-beta', kind: 'absent' });
  assert.deepEqual(fieldMatch('a=b=c'), { name: 'a', kind: 'exact', values: ['b=c'] });
  assert.deepEqual(fieldMatch('a='), { name: 'a', kind: 'exact', values: [''] });
  assert.deepEqual(fieldMatch('a^=b'), { name: 'a', kind: 'prefix', values: ['b'] });
  assert.deepEqual(fieldMatch('a*=b'), { name: 'a', kind: 'contains', values: ['b'] });
  assert.deepEqual(fieldMatch('a~=^b$'), { name: 'a', kind: 'regex', values: ['^b$'] });
});

test('services with and without a number', () => {
  assert.deepEqual(shares('blue=9, green=1,raw'), [
    { service: 'blue', number: 9 },
    { service: 'green', number: 1 },
    { service: 'raw' },
  ]);
  assert.deepEqual([shareOrNone('none'), shareOrNone('blue=5')], [NONE, { service: 'blue', number: 5 }]);
  assert.throws(() => shares('blue=many'), /whole number/);
});

test('redirects and answers', () => {
  assert.deepEqual(redirect('301,protocol=https,port=443'), { status: 301, protocol: 'https', port: 443 });
  assert.deepEqual(redirect('302,path=/a=b,query='), { status: 302, path: '/a=b', query: '' });
  assert.throws(() => redirect('301,scheme=https'), /status and what changes/);
  assert.deepEqual(respond('503'), { status: 503 });
  const html = file('sorry.html', '<h1>Sorry</h1>');
  assert.deepEqual(respond(`503=${html}`), {
    status: 503,
    contentType: 'text/html; charset=utf-8',
    body: '<h1>Sorry</h1>',
  });
  const json = file('sorry.json', '{}');
  assert.deepEqual(respond(`503=${json}`), { status: 503, contentType: 'application/json', body: '{}' });
});

test('changes of headers, one by one', () => {
  const [set, added] = [headerEdit('X-A=b=c'), headerEdit('+X-A=d', [{ operation: 'remove', name: 'X-B' }])];
  assert.deepEqual(set, [{ operation: 'set', name: 'X-A', value: 'b=c' }]);
  assert.deepEqual(added, [
    { operation: 'remove', name: 'X-B' },
    { operation: 'add', name: 'X-A', value: 'd' },
  ]);
  assert.deepEqual(headerEdit('!Server', set).at(-1), { operation: 'remove', name: 'Server' });
  assert.deepEqual(headerEdit('none', set), []);
  assert.throws(() => headerEdit('Server'), /name=value/);
});

test('files: pages and tokens', () => {
  const page = file('503.html', 'later');
  assert.deepEqual(errorPage(`503=${page}`), [{ status: 503, body: 'later' }]);
  assert.deepEqual(errorPage(`404=${file('404.txt', 'no')}`, errorPage(`503=${page}`)), [
    { status: 503, body: 'later' },
    { status: 404, contentType: 'text/plain; charset=utf-8', body: 'no' },
  ]);
  assert.deepEqual(errorPage('504=https://a.test/x'), [{ status: 504, location: 'https://a.test/x' }]);
  assert.deepEqual(errorPage('none'), []);
  assert.throws(() => errorPage('503'), /status=file/);
  assert.throws(() => errorPage(`503=${join(folder, 'absent')}`), /cannot be read/);
  assert.throws(() => errorPage(`503=${file('large', 'x'.repeat(65_537))}`), /larger than 65536/);
  assert.deepEqual(jwtFile(file('jwt.json', '{"keys": []}')), { keys: [] });
  assert.equal(jwtFile('none'), null);
  assert.throws(() => jwtFile(file('list.json', '[]')), /no JSON object/);
  assert.throws(() => jwtFile(page), /cannot be read/);
});

test('"none" empties a list', () => {
  assert.deepEqual(wordsOrNone('a, b'), ['a', 'b']);
  assert.deepEqual(wordsOrNone('none'), []);
  assert.deepEqual(severalOrNone(path)('/b', [path('/a')]), [path('/a'), path('/b')]);
  assert.deepEqual(severalOrNone(path)('none', [path('/a')]), []);
});
