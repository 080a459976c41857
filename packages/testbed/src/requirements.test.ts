import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locate, skipReason } from './requirements.ts';

const ABSENT = 'no-program-of-this-name';

test('what is on the PATH or in a system folder is there', () => {
  assert.equal(skipReason(['sh'], { PATH: '/nowhere:/bin' }), false);
  assert.equal(locate('sh', { PATH: '/nowhere:/bin' }), '/bin/sh');
  assert.equal(locate(ABSENT), null);
});

test('what is missing is the reason to skip', () => {
  assert.equal(skipReason(['sh', ABSENT], { PATH: '/bin' }), `not installed: ${ABSENT}`);
});

test('with EVENKEEL_REQUIRE_ALL nothing is skipped', () => {
  assert.equal(skipReason([ABSENT], { PATH: '/bin', EVENKEEL_REQUIRE_ALL: '1' }), false);
});
