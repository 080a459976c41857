import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { clearLeftovers } from './leftovers.ts';
import { startTimeOf } from './process-time.ts';
import { writeRunning } from './running.ts';

function recordPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-left-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'running.json');
}

function sleeper(t: TestContext): ChildProcess {
  const child = spawn('sleep', ['60']);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

test('a process that stays is killed', async (t) => {
  const record = recordPath(t);
  const child = sleeper(t);
  const mark = { name: 'node agent', pid: child.pid as number, startTime: startTimeOf(child.pid as number) as number };
  writeRunning(record, { pid: 1, url: null, metricsUrl: null, processes: [mark] });
  const gone = once(child, 'exit');
  assert.equal(await clearLeftovers(record, { gentle: 50, forced: 5_000 }), 1);
  assert.deepEqual(await gone, [null, 'SIGKILL']);
  assert.equal(existsSync(record), false);
});

test('a process that only has the same id is left alone', async (t) => {
  const record = recordPath(t);
  const child = sleeper(t);
  const mark = { name: 'node agent', pid: child.pid as number, startTime: 1 };
  writeRunning(record, { pid: 1, url: null, metricsUrl: null, processes: [mark] });
  assert.equal(await clearLeftovers(record, { gentle: 0, forced: 0 }), 0);
  assert.equal(child.exitCode ?? child.signalCode, null);
});

test('no record, or a broken one, means nothing is left', async (t) => {
  assert.equal(await clearLeftovers(recordPath(t)), 0);
});
