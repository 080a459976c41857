import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPattern } from './check.ts';

const GOOD = [
  'a',
  '^/api/v[0-9]+/users/(\\d+)$',
  '(?:a|b|)c',
  '[^/]+',
  '[-a-z]',
  '[a-z-]',
  '\\.(png|jpe?g|gif)$',
  'x{2}y{2,}z{2,5}',
  'a*?b+?c??d{1,2}?',
  '(a*)*b',
  '(a|a)*$',
  '\\x41\\/\\-\\s',
];

const BAD: readonly (readonly [string, RegExp])[] = [
  ['', /^is empty/],
  ['a'.repeat(513), /more than 512 characters/],
  ['(a)\\1', /backreferences/],
  ['(?=a)', /look-around/],
  ['(?!a)', /look-around/],
  ['(?<=a)b', /look-around/],
  ['(?<n>a)', /named groups/],
  ['(?i)a', /flags/],
  ['\\bfoo', /word boundaries/],
  ['\\p{L}', /not available/],
  ['\\u0041', /not available/],
  ['\\', /backslash ends/],
  ['a**', /cannot be repeated/],
  ['a{1,2}{3}', /nothing to repeat/],
  ['*a', /nothing to repeat/],
  ['^*', /anchor/],
  ['a{', /count such as/],
  ['a{3,2}', /larger number first/],
  ['a{101}', /at most 100/],
  ['(((a{100}){100}){100})', /too large/],
  ['(a', /not closed/],
  ['a)', /closes no group/],
  ['[a', /not closed/],
  ['[]', /empty/],
  ['[z-a]', /larger end first/],
  ['[\\d-x]', /from one character/],
  ['a]', /closes nothing/],
  ['ä', /ASCII/],
  ['a\nb', /ASCII/],
  ['\\xg0', /two hexadecimal/],
  ['(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)', /more than 9 groups/],
  ['('.repeat(40) + ')'.repeat(40), /more than 9 groups|deep/],
  ['(?:'.repeat(40) + ')'.repeat(40), /deep/],
];

test('patterns that can be matched in one pass are accepted', () => {
  for (const pattern of GOOD) assert.equal(checkPattern(pattern), '', pattern);
});

test('what JavaScript accepts as well means a pattern there, too', () => {
  for (const pattern of GOOD) assert.doesNotThrow(() => new RegExp(pattern), pattern);
});

test('other patterns are refused with what is wrong and where', () => {
  for (const [pattern, reason] of BAD) {
    assert.match(checkPattern(pattern), reason, pattern.slice(0, 40));
  }
});
