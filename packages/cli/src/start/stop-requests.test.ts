import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StopRequests } from './stop-requests.ts';

test('signals of one Ctrl-C that come over several ways are one request; a later one forces', () => {
  const seen: string[] = [];
  let now = 1_000;
  const requests = new StopRequests({ onStop: () => seen.push('stop'), onForce: () => seen.push('force') }, () => now);
  assert.equal(requests.requested, false);
  requests.request();
  now += 100;
  requests.request();
  assert.deepEqual(seen, ['stop']);
  assert.equal(requests.requested, true);
  now += 600;
  requests.request();
  assert.deepEqual(seen, ['stop', 'force']);
});
