import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATE_LINE_SIZE, DateLine, UNDATED } from './date-line.ts';

const memory = new Uint8Array(4 * DATE_LINE_SIZE);
const arena = {
  memory,
  intern(bytes: Uint8Array) {
    memory.set(bytes, DATE_LINE_SIZE);
    return { start: DATE_LINE_SIZE, end: DATE_LINE_SIZE + bytes.length };
  },
};

function textOf(date: DateLine): string {
  const { start, end } = date.now;
  return Buffer.from(memory.subarray(start, end)).toString('latin1');
}

test('it is the second that it is, in the one form that is sent', () => {
  const clock = { wallTime: Date.UTC(1994, 10, 6, 8, 49, 37, 0) };
  const date = new DateLine(arena, clock);
  assert.equal(textOf(date), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n');
  clock.wallTime += 999.9;
  assert.equal(textOf(date), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n');
  clock.wallTime += 0.1;
  assert.equal(textOf(date), 'Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n');
  // Clocks are set back as well.
  clock.wallTime = Date.UTC(1994, 9, 31, 23, 59, 59, 500);
  assert.equal(textOf(date), 'Date: Mon, 31 Oct 1994 23:59:59 GMT\r\n');
});

test('it takes the place of one that says nothing, and of nothing else', () => {
  const date = new DateLine(arena, { wallTime: 0 });
  const place = 2 * DATE_LINE_SIZE;
  memory.fill(33, place);
  memory.set(Buffer.from(UNDATED), place + 1);
  date.stamp(place + 1);
  assert.equal(
    Buffer.from(memory.subarray(place, place + DATE_LINE_SIZE + 2)).toString(),
    '!Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n!',
  );
});

test('nothing is written anew within a second', () => {
  const clock = { wallTime: 5_000 };
  const date = new DateLine(arena, clock);
  const { start } = date.now;
  memory[start] = 33;
  clock.wallTime = 5_999;
  assert.equal(memory[date.now.start], 33);
  clock.wallTime = 6_000;
  assert.notEqual(memory[date.now.start], 33);
});
