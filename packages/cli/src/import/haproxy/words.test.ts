import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from './words.ts';

test('words, comments, quotes and backslashes', () => {
  assert.deepEqual(wordsOf('  bind *:80  # all of them'), ['bind', '*:80']);
  assert.deepEqual(wordsOf(`http-request set-header X "a b" 'c # d'`), [
    'http-request',
    'set-header',
    'X',
    'a b',
    'c # d',
  ]);
  assert.deepEqual(wordsOf('acl x path_beg /a\\ b'), ['acl', 'x', 'path_beg', '/a b']);
  assert.deepEqual(wordsOf('acl x path_reg \\.png$'), ['acl', 'x', 'path_reg', '\\.png$']);
  assert.deepEqual(wordsOf('log-tag ""'), ['log-tag', '']);
  assert.deepEqual(wordsOf('# nothing'), []);
});
