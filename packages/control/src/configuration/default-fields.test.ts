import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyRecord } from '../state/records.ts';
import { defaultFields } from './default-fields.ts';

test('the priority of a rule is always shown: what it is unsaid depends on the rules before it', () => {
  const fields = defaultFields('rule', {} as AnyRecord);
  assert.ok(Object.keys(fields).length > 0);
  assert.ok(!('priority' in fields));
});
