import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('options stand in front of commands that run processes, as of any other', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'evenkeel-options-'));
  t.after(() => rmSync(home, { recursive: true }));
  for (const words of [
    ['--home', home, 'stop'],
    [`--home=${home}`, 'stop'],
    ['stop', '--home', home],
  ]) {
    const { status, stderr } = run(...words);
    assert.equal(status, 1, words.join(' '));
    assert.equal(stderr, `evenkeel: Evenkeel does not run on ${home}.\n`);
  }
  const told = run('--json', '--home', home, 'status');
  assert.deepEqual(JSON.parse(told.stdout), { home, running: false });
  assert.match(run('--home', home, 'help', 'start').stdout, /Usage: evenkeel start/);
});
