import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALWAYS, and, type Condition, match, matchesOf, or } from './condition.ts';
import { NotCarried } from './findings.ts';

const host = (...hosts: string[]): Condition => [[match({ hosts })]];
const path = (value: string): Condition => [[match({ paths: [{ kind: 'prefix', value }] })]];

test('two kinds are one match', () => {
  const both = and(host('a.com'), path('/x'));
  assert.deepEqual(matchesOf(both, false), [{ hosts: ['a.com'], paths: [{ kind: 'prefix', value: '/x' }] }]);
});

test('alternatives that differ in one list are one match with both', () => {
  assert.deepEqual(matchesOf(or(host('a.com'), host('b.com')), false), [{ hosts: ['a.com', 'b.com'] }]);
  assert.equal(matchesOf(or(host('a.com'), path('/x')), false).length, 2);
});

test('hosts of which none is both never match', () => {
  assert.deepEqual(matchesOf(and(host('a.com', 'b.com'), host('b.com', 'c.com')), false), [{ hosts: ['b.com'] }]);
  assert.deepEqual(matchesOf(and(host('a.com'), host('c.com')), false), []);
});

test('two prefixes at once are told', () => {
  assert.throws(() => matchesOf(and(path('/x'), path('/y')), false), NotCarried);
});

test('what asks for TLS holds on listeners with TLS alone', () => {
  const secure: Condition = [[{ kind: 'tls', wanted: true }]];
  assert.deepEqual(matchesOf(secure, true), [{}]);
  assert.deepEqual(matchesOf(secure, false), []);
  assert.deepEqual(matchesOf(ALWAYS, false), [{}]);
});
