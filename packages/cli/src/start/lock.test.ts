import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StartFailure } from './failure.ts';
import { FileLock } from './lock.ts';

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'lock');
}

async function holdElsewhere(path: string) {
  const script = `import { FileLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    console.log(FileLock.take(${JSON.stringify(path)}) !== null); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [answer] = await once(child.stdout, 'data');
  assert.equal(String(answer), 'true\n');
  return child;
}

test('one process holds the lock; another gets it when the holder is killed', async (t) => {
  const path = lockPath(t);
  const holder = await holdElsewhere(path);
  assert.equal(FileLock.take(path), null);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = FileLock.take(path);
  assert.ok(lock);
  lock.release();
  const again = FileLock.take(path);
  assert.ok(again);
  again.release();
});

test('a folder that is not there is told of', (t) => {
  assert.throws(() => FileLock.take(join(lockPath(t), 'lock')), StartFailure);
});
