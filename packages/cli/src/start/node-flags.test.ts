import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFlagsOf } from './node-flags.ts';
import { SCRIPTS } from './processes.ts';

for (const [name, main] of Object.entries(SCRIPTS)) {
  test(`this Node knows the flags of: ${name}`, () => {
    const flags = nodeFlagsOf(main);
    assert.ok(flags.includes('--max-semi-space-size=8'), 'the room for young objects has a bound');
    const { status, stderr } = spawnSync(process.execPath, [...flags, '--eval', '0'], { encoding: 'utf8' });
    // One that is not known ends it with 9, or is complained of.
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
}

test('one to a line, none where there is no file, or none that can be read', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-flags-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const main = join(folder, 'main.ts');
  assert.deepEqual(nodeFlagsOf(main), []);
  writeFileSync(join(folder, 'node-flags'), '--one=1\n--two\n');
  assert.deepEqual(nodeFlagsOf(main), ['--one=1', '--two']);
  rmSync(join(folder, 'node-flags'));
  mkdirSync(join(folder, 'node-flags'));
  assert.deepEqual(nodeFlagsOf(main), []);
});
