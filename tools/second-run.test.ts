import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedText } from './bounded-text.ts';
import { filesToRunAgain } from './second-run.ts';

const outcomes = (...failed: string[]) =>
  new Map([['test/quiet.test.ts', { failed: 0 }], ...failed.map((file) => [file, { failed: 1 }] as const)]);

test('what meets the clock is run again when it failed, a unit test never', () => {
  assert.deepEqual(filesToRunAgain(outcomes()), []);
  assert.deepEqual(
    filesToRunAgain(outcomes('test/soak.test.ts', 'packages/cli/test/start.test.ts', 'packages/cli/src/run.test.ts')),
    ['test/soak.test.ts', 'packages/cli/test/start.test.ts'],
  );
  assert.deepEqual(filesToRunAgain(outcomes('packages/testbed/src/origin.test.ts', 'tools/test-files.ts')), []);
});

test('when much fails, nothing is run again', () => {
  const many = Array.from({ length: 5 }, (_, i) => `test/${i}.test.ts`);
  assert.deepEqual(filesToRunAgain(outcomes(...many)), []);
  assert.equal(filesToRunAgain(outcomes(...many.slice(1))).length, 4);
});

test('of a long output the end is kept', () => {
  const text = new BoundedText(10);
  text.append('0123456789');
  assert.equal(text.text, '0123456789');
  for (let i = 0; i < 100; i++) text.append('x');
  text.append('the end');
  assert.equal(text.text, '(earlier output is left out)\nxxxthe end');
});
