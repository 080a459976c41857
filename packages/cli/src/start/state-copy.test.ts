import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { StateCopy } from './state-copy.ts';

test('a copy brings back what was there, journal included, and is for nobody else to read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const state = join(folder, 'evenkeel.db');
  const written = new DatabaseSync(state);
  written.exec("pragma journal_mode = wal; create table t (word text); insert into t values ('before')");
  const copy = await StateCopy.take(state);
  assert.equal(statSync(`${state}.before-upgrade`).mode & 0o777, 0o600);
  written.exec("update t set word = 'after'");
  written.close();

  copy.restore();
  assert.ok(!existsSync(`${state}.before-upgrade`));
  const restored = new DatabaseSync(state);
  assert.deepEqual({ ...restored.prepare('select word from t').get() }, { word: 'before' });
  restored.close();
  assert.equal(statSync(state).mode & 0o777, 0o600);
});
