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

test('somebody who answers, and is not trusted or not understood, is no control plane that does not run', () => {
  const told = (url: string, cause: string) => {
    const { message, details } = unreachable(new ConnectionError(`${url}/v1`, new Error(cause)), url, '/nowhere', {});
    return `${message} ${details.join()}`;
  };
  const untrusted = told(
    'https://192.0.2.1:7700',
    'the certificate is not trusted: it is self-signed; its fingerprint is AA',
  );
  assert.match(untrusted, /--fingerprint/);
  assert.doesNotMatch(untrusted, /does not run/);
  assert.match(told('https://192.0.2.1:7700', 'the certificate is another one than is trusted'), /--fingerprint/);
  assert.match(told('http://192.0.2.1:7700', 'socket hang up'), /try --url with https/);
  assert.match(told('https://192.0.2.1:7700', 'SSL routines:ssl3_get_record:wrong version number'), /with http,/);
  assert.match(told('https://192.0.2.1:7700', 'socket hang up'), /Start it with/);
});
