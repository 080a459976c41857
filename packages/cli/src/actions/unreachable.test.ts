import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConnectionError } from '@evenkeel/client/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { locateHome } from '../start/home.ts';
import { FileLock } from '../start/lock.ts';
import { writeRunning } from '../start/running.ts';
import { unreachable } from './unreachable.ts';

const URL = 'http://127.0.0.1:7700';

test('what to do depends on whether somebody looks after that control plane', (t) => {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-unreachable-'));
  t.after(() => rmSync(path, { recursive: true }));
  const home = locateHome(path);
  mkdirSync(join(path, 'run'));
  const remedy = (url = URL) => {
    const { exitCode, details } = unreachable(new ConnectionError(`${url}/v1`, new Error('refused')), url, path, {});
    assert.equal(exitCode, EXIT.unreachable);
    return details.join();
  };
  const start = /^Start it with "evenkeel start"/;
  const wait = /^Evenkeel runs, .* try again in a few seconds/;
  assert.match(remedy(), start);

  writeRunning(home.record, { pid: 1, url: URL, metricsUrl: null, processes: [] });
  assert.match(remedy(), start, 'a record that a crash has left');
  const lock = FileLock.take(home.lock);
  assert.match(remedy(), wait);
  assert.match(remedy('http://127.0.0.1:7800'), start, 'another control plane');
  writeRunning(home.record, { pid: 1, url: null, metricsUrl: null, processes: [] });
  assert.match(remedy(), wait, 'a supervisor whose control plane was not ready yet');
  lock?.release();
  assert.match(remedy(), start);
});
