import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepAliveTimeout } from './keep-alive-field.ts';

test('the timeout of a Keep-Alive field is read wherever it stands, and nothing else is', () => {
  const read = (text: string) => {
    const memory = Buffer.from(`##${text}##`, 'latin1');
    return keepAliveTimeout(memory, 2, 2 + text.length);
  };
  assert.equal(read('timeout=5'), 5);
  assert.equal(read('Timeout=72, max=1000'), 72);
  assert.equal(read('max=1000, timeout=15'), 15);
  assert.equal(read('timeout=0'), 0);
  assert.equal(read('timeout=99999999999999999999'), 1_000_000);
  for (const nothing of ['', 'timeout', 'timeout=', 'timeout=x', 'max=5', 'xtimeout=5', ',,,', 'timeou']) {
    assert.equal(read(nothing), -1, nothing);
  }
});
