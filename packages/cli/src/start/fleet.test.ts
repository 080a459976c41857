import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fleet } from './fleet.ts';

test('a record that cannot be written is said once, until it could be', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fleet-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const record = join(folder, 'run', 'running.json');
  const said: string[] = [];
  const fleet = new Fleet(folder, record, (line) => said.push(line));
  for (let i = 0; i < 3; i++) fleet.record();
  assert.equal(said.length, 1);
  assert.match(said[0]!, /running\.json/);
  mkdirSync(join(folder, 'run'));
  fleet.record();
  assert.equal(said.length, 1);
  rmSync(join(folder, 'run'), { recursive: true });
  fleet.record();
  assert.equal(said.length, 2);
});
