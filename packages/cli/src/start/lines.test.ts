import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter, LONGEST_LINE } from './lines.ts';

function split(...pieces: string[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.flush();
  return lines;
}

test('lines come out whole wherever the pieces were cut', () => {
  assert.deepEqual(split('one\ntw', 'o\n', '', 'thr', 'ee'), ['one', 'two', 'three']);
  assert.deepEqual(split('\n\na\n'), ['a']);
});

test('a line without end is cut, and the next one is whole', () => {
  const [first, second] = split('x'.repeat(LONGEST_LINE), 'y'.repeat(10), '\nz\n');
  assert.equal(first, 'x'.repeat(LONGEST_LINE));
  assert.equal(second, 'z');
});
