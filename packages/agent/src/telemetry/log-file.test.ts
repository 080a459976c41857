import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { temporaryDirectory } from '../../test/directory.ts';
import { LogFile } from './log-file.ts';

let directory = temporaryDirectory();
let path = '';

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'logs', 'access.log');
});

afterEach(() => directory.remove());

function line(text: string): Uint8Array {
  return Buffer.from(`${text}\n`);
}

test('appends to what is there and makes the directory', async () => {
  const file = new LogFile({ path, maxBytes: 1000, keep: 2 });
  await file.append(line('one'));
  await file.close();
  await file.append(line('two'));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
});

test('puts the file aside at its size and keeps so many', async () => {
  const file = new LogFile({ path, maxBytes: 20, keep: 2 });
  for (const text of ['1234567890', '2234567890', '3234567890', '4234567890', '5']) await file.append(line(text));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), '4234567890\n5\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), '3234567890\n');
  assert.equal(readFileSync(`${path}.2`, 'utf8'), '2234567890\n');
  assert.deepEqual(readdirSync(join(directory.path, 'logs')).sort(), ['access.log', 'access.log.1', 'access.log.2']);
});

test('with none to keep, the file begins anew', async () => {
  const file = new LogFile({ path, maxBytes: 10, keep: 0 });
  await file.append(line('123456789'));
  await file.append(line('next'));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), 'next\n');
  assert.equal(existsSync(`${path}.1`), false);
});

test('a batch larger than the bound is written whole', async () => {
  const file = new LogFile({ path, maxBytes: 10, keep: 1 });
  await file.append(line('a'.repeat(100)));
  await file.append(line('b'));
  await file.close();
  assert.equal(readFileSync(`${path}.1`, 'utf8').length, 101);
  assert.equal(readFileSync(path, 'utf8'), 'b\n');
});

test('a batch of lines goes over as many files as it needs', async () => {
  const file = new LogFile({ path, maxBytes: 20, keep: 2 });
  await file.append(Buffer.from('1234567890\n22345\n323456789012345678901234567890\n4234567890\n52345678\n6\n'));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), '6\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), '4234567890\n52345678\n');
  assert.equal(readFileSync(`${path}.2`, 'utf8'), '323456789012345678901234567890\n');
});

test('after close it follows the path, as log rotators want it', async () => {
  const file = new LogFile({ path, maxBytes: 1000, keep: 1 });
  await file.append(line('one'));
  renameSync(path, `${path}.moved`);
  await file.append(line('two'));
  await file.close();
  await file.append(line('three'));
  await file.close();
  assert.equal(readFileSync(`${path}.moved`, 'utf8'), 'one\ntwo\n');
  assert.equal(readFileSync(path, 'utf8'), 'three\n');
});

test('a full disk rejects', async () => {
  const full = join(directory.path, 'full.log');
  symlinkSync('/dev/full', full);
  const file = new LogFile({ path: full, maxBytes: 1000, keep: 1 });
  await assert.rejects(file.append(line('one')), { code: 'ENOSPC' });
  await file.close();
});

test('a directory that cannot be made rejects, and works once it can', async () => {
  const blocker = join(directory.path, 'logs');
  writeFileSync(blocker, '');
  const file = new LogFile({ path, maxBytes: 1000, keep: 1 });
  await assert.rejects(file.append(line('one')));
  renameSync(blocker, `${blocker}.away`);
  await file.append(line('two'));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), 'two\n');
});
