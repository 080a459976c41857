import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StartFailure } from './failure.ts';
import { locateHome, prepareHome } from './home.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-home-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('folders are made as deep as needed, for their owner alone, and again without harm', (t) => {
  const home = locateHome(join(folder(t), 'a', 'b'), {});
  prepareHome(home);
  prepareHome(home);
  for (const path of [home.path, home.logs]) assert.equal(statSync(path).mode & 0o777, 0o700);
});

test('a file in the way is told of', (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    assert.throws(
      () => prepareHome(locateHome(path, {})),
      (error) => error instanceof StartFailure && /a file of that name is in the way/.test(error.message),
    );
  }
});

test('a file system that takes no folders is told of, at once', { skip: process.platform !== 'linux' }, () => {
  assert.throws(() => prepareHome(locateHome('/proc/evenkeel', {})), StartFailure);
});
