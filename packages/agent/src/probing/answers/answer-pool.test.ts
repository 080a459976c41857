import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plannedCheck } from '../../../test/planned.ts';
import { NO_BYTES } from './answer.ts';
import { AnswerPools } from './answer-pool.ts';

const HALF = Buffer.from('HTTP/1.1 200 OK\r\nContent-');
const ANSWER = Buffer.from('HTTP/1.1 503 Away\r\n\r\n');

test('a reader is one exchange’s at a time, and has read nothing when it is the next one’s', () => {
  const pool = new AnswerPools().poolFor(plannedCheck({ protocol: 'http' }), NO_BYTES);
  const [one, other] = [pool.take(), pool.take()];
  assert.notEqual(one, other);
  one.read(HALF, 0, HALF.length);
  pool.giveBack(one);
  const again = pool.take();
  assert.equal(again, one);
  assert.equal(again.read(ANSWER, 0, ANSWER.length)?.kind, 'failure', 'it begins with the status line');
});

test('checks that are the same object share their readers, others do not', () => {
  const pools = new AnswerPools();
  const check = plannedCheck({ protocol: 'grpc' });
  assert.equal(pools.poolFor(check, NO_BYTES), pools.poolFor(check, NO_BYTES));
  assert.notEqual(pools.poolFor(check, NO_BYTES), pools.poolFor({ ...check }, NO_BYTES));
});
