import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settledPattern } from './settled-pattern.ts';

test('what fits a path fits it with the digits of what is encoded in capitals', () => {
  for (const [source, path] of [
    ['%c3%a9', '/caf%C3%A9'],
    ['%(?:2f|5c)', '/x%2Fadmin'],
    ['^/x%(2f|5c)admin$', '/x%5Cadmin'],
    ['^/%(?:2|3f|c)a$', '/%CA'],
    ['^/%[0-9a-f]{2}$', '/%C3'],
    ['^/%[a-f][0-9]$', '/%C3'],
    ['^/%c[3a]%[89ab]\\d$', '/%CA%B1'],
    ['^/(?:%e(?:f|e)|b)+$', '/%EF%EEb'],
    ['^/%[^0-9a-e]f$', '/%FF'],
    ['^/%[a-f-]0$', '/%D0'],
    ['^/%.f$', '/%CF'],
    ['^/(?<slash>%2f)?b$', '/%2Fb'],
  ] as const) {
    assert.match(path, new RegExp(settledPattern(source)), source);
    assert.match(path.toLowerCase(), new RegExp(source.replaceAll('\\\\', '\\')), `${source}, as it was written`);
  }
});

test('no other letter stands for its capital', () => {
  for (const source of ['^/abc$', '%20abc', '%2fa', '^/[%c]a', '\\.a%20', '100%2C a', '(%20|a)b']) {
    const settled = settledPattern(source);
    const folded = (settled.match(/\[[a-f][A-F]\]/g) ?? []).length;
    assert.equal(folded, source === '%2fa' ? 1 : 0, `${source}: ${settled}`);
  }
  assert.equal(settledPattern('%20|abc'), '%20|abc');
  assert.equal(settledPattern('^/%[^a-f]0'), '^/%[^A-Fa-f]0');
  assert.equal(settledPattern('%c3a'), '%[cC]3a');
});
