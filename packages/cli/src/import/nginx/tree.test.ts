import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliFailure } from '../../failure.ts';
import { directivesOf } from './tree.ts';

const nothing = () => null;
const names = (text: string) => directivesOf('nginx.conf', text, nothing).map(({ name, args }) => [name, ...args]);

test('words, quotes, comments and variables in braces', () => {
  assert.deepEqual(names('a b "c d" \'e;f\'; # g;\nh ${i}j;'), [
    ['a', 'b', 'c d', 'e;f'],
    ['h', '${i}j'],
  ]);
  assert.deepEqual(names('location ~ \\.(png|css)$ { }'), [['location', '~', '\\.(png|css)$']]);
  assert.deepEqual(names('location ~ "^/a{2}$" { }'), [['location', '~', '^/a{2}$']]);
});

test('blocks know their lines', () => {
  const [http] = directivesOf('nginx.conf', 'http {\n  server {\n    listen 80;\n  }\n}\n', nothing);
  assert.equal(http?.block?.[0]?.block?.[0]?.line, 3);
});

test('files take the place of their include', () => {
  const include = (pattern: string) => (pattern === 'a.conf' ? [{ file: 'a.conf', text: 'b;' }] : null);
  const [http] = directivesOf('nginx.conf', 'http { include a.conf; include missing; }', include);
  assert.deepEqual(
    http?.block?.map(({ name, file }) => [name, file]),
    [
      ['b', 'a.conf'],
      ['include', 'nginx.conf'],
    ],
  );
});

test('a file that includes itself comes to an end', () => {
  const include = () => [{ file: 'a.conf', text: 'x; include a.conf;' }];
  assert.ok(directivesOf('nginx.conf', 'include a.conf;', include).length < 20);
});

for (const [text, place] of [
  ['http {\n server {', /nginx.conf:2: ends before/],
  ['listen 80;\n}', /nginx.conf:2: closes/],
  ['listen 80', /nginx.conf:1: ends in the middle/],
  ['http { listen 80 }', /nginx.conf:1: has no ;/],
] as const) {
  test(`${JSON.stringify(text)} is refused with its place`, () => {
    assert.throws(
      () => names(text),
      (error: Error) => error instanceof CliFailure && place.test(error.message),
    );
  });
}
