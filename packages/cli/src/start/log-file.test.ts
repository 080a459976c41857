import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LogFile } from './log-file.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('full files are rotated, the oldest goes, and all stay within their size', (t) => {
  const path = join(folder(t), 'a.log');
  const log = new LogFile(path, { size: 30, files: 3 });
  for (let i = 10; i < 30; i++) log.write(`line ${i}`);
  log.close();
  assert.equal(readFileSync(path, 'utf8'), 'line 28\nline 29\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'line 25\nline 26\nline 27\n');
  assert.deepEqual(readdirSync(join(path, '..')).sort(), ['a.log', 'a.log.1', 'a.log.2']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a log is continued by the next run, and its size counts', (t) => {
  const path = join(folder(t), 'a.log');
  for (const line of ['one', 'two']) {
    const log = new LogFile(path, { size: 10, files: 2 });
    log.write(line);
    log.close();
  }
  const log = new LogFile(path, { size: 10, files: 2 });
  log.write('three');
  log.close();
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n');
});

test('what cannot be written is counted, and told of once', (t) => {
  const troubles: string[] = [];
  const path = join(folder(t), 'no', 'a.log');
  const log = new LogFile(path, { size: 10, files: 2 }, (error) => troubles.push(error.message));
  log.write('lost');
  log.write('lost, too');
  assert.equal(log.dropped, 2);
  assert.equal(troubles.length, 1);
  mkdirSync(join(path, '..'));
  log.write('kept');
  log.close();
  assert.equal(readFileSync(path, 'utf8'), 'kept\n');
});
