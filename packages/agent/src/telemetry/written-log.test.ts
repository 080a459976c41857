import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { written } from './written-log.ts';

/** Writes nothing by itself. */
class StuckLog extends EventEmitter {
  write(): void {}
}

test('what was logged in this turn is written afterwards, and a log with nothing to write is not waited for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'written-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'log');
  const stream = pino.destination({ fd: openSync(path, 'w'), sync: false });
  t.after(() => stream.end());
  const log = pino({ base: null, timestamp: false }, stream);
  for (let i = 0; i < 1_000; i++) log.info({ i });
  await written(stream, 60_000);
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').at(-1), '{"level":30,"i":999}');
  await written(stream, 60_000);
});

test('a log that cannot be written is not waited for, and a slow one for a moment', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const log = new StuckLog();
  const failing = written(log, 250);
  log.emit('error', new Error('nobody reads'));
  await failing;
  const slow = written(log, 250);
  let isOver = false;
  void slow.then(() => {
    isOver = true;
  });
  t.mock.timers.tick(249);
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  t.mock.timers.tick(1);
  await slow;
  assert.deepEqual([log.listenerCount('drain'), log.listenerCount('error')], [0, 0]);
});
