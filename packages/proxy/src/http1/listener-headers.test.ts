import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { PlannedHeaderEdit } from '@evenkeel/model/plan/rules.ts';
import { HeaderEdits } from '../rules/action/header-edits.ts';
import { answerEdits, editedHead } from './listener-headers.ts';

const set = (name: string, value: string): PlannedHeaderEdit => ({ operation: 'set', name, value });
const add = (name: string, value: string): PlannedHeaderEdit => ({ operation: 'add', name, value });
const remove = (name: string): PlannedHeaderEdit => ({ operation: 'remove', name, value: '' });
const withHeaders = (...responseHeaders: PlannedHeaderEdit[]) => ({ ...PLAIN_HTTP, responseHeaders });

test('without headers of the listener, those of the rule are as they are', () => {
  const ofRule = new HeaderEdits([set('X-A', 'b')]);
  assert.equal(answerEdits(PLAIN_HTTP, ofRule), ofRule);
  assert.equal(answerEdits(null, null), null);
});

test('what a rule changes comes after what the listener does, and is worked out once', () => {
  const http = withHeaders(set('X-A', 'listener'), set('X-B', 'listener'));
  const ofRule = new HeaderEdits([set('x-a', 'rule'), remove('X-C')]);
  const both = answerEdits(http, ofRule)!;
  assert.deepEqual([...both.removed], ['x-a', 'x-b', 'x-c']);
  assert.deepEqual(both.edits, [...http.responseHeaders, ...ofRule.edits]);
  assert.equal(answerEdits(http, ofRule), both);
  assert.equal(answerEdits(http, null), answerEdits(http, null));
});

const HEAD = 'HTTP/1.1 503 Service Unavailable\r\nServer: evenkeel\r\nContent-Length: 1\r\n\r\n';

test('an own answer has the same changes', () => {
  assert.equal(editedHead(PLAIN_HTTP, HEAD), HEAD);
  assert.equal(editedHead(null, HEAD), HEAD);
  assert.equal(
    editedHead(withHeaders(remove('SERVER'), add('X-A', 'ü'), add('X-B', '1'), add('X-B', '2')), HEAD),
    'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1\r\nX-A: Ã¼\r\nX-B: 1\r\nX-B: 2\r\n\r\n',
  );
  const last = editedHead(withHeaders(add('X-A', '1'), set('x-a', '2'), set('X-B', '3'), remove('X-B')), HEAD);
  assert.equal(last, HEAD.replace(/\r\n\r\n$/, '\r\nx-a: 2\r\n\r\n'));
});
