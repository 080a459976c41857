import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PatternCheck, pattern } from './pattern.ts';

const LENGTH = 200_000;

function check(key: string, ...parts: readonly Uint8Array[]): string | null {
  const checked = new PatternCheck(key);
  for (const part of parts) checked.add(part);
  return checked.fault(LENGTH);
}

test('a stream that is whole passes, however it is cut', () => {
  const whole = pattern('a', 0, LENGTH);
  assert.equal(check('a', whole), null);
  assert.equal(
    check('a', whole.subarray(0, 1), whole.subarray(1, 70_000), pattern('a', 70_000, LENGTH - 70_000)),
    null,
  );
});

test('a byte that is lost, doubled, changed, moved or another stream is noticed', () => {
  const whole = pattern('a', 0, LENGTH);
  const lost = [whole.subarray(0, 100), whole.subarray(101), Uint8Array.of(0)];
  const doubled = [whole.subarray(0, 100), whole.subarray(99, LENGTH - 1)];
  const moved = [whole.subarray(65_536), whole.subarray(0, 65_536)];
  const changed = whole.slice();
  changed[LENGTH - 1] = (changed[LENGTH - 1] as number) ^ 1;
  for (const wrong of [lost, doubled, moved, [changed], [pattern('b', 0, LENGTH)]]) {
    assert.match(check('a', ...wrong) ?? '', /is wrong/);
  }
  assert.match(check('a', whole.subarray(0, LENGTH - 1)) ?? '', /instead of/);
});
