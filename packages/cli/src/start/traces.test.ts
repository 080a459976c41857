import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { locateHome, prepareHome } from './home.ts';
import { Traces } from './traces.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-traces-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('nothing is left of a home that was not there, nor of the folders that it was to be in', (t) => {
  const path = folder(t);
  const home = locateHome(join(path, 'a', 'b'));
  const traces = new Traces(home);
  prepareHome(home);
  writeFileSync(home.lock, '');
  writeFileSync(home.demo, '{}');
  writeFileSync(join(home.logs, 'agent.log'), '');
  traces.undo();
  assert.deepEqual(readdirSync(path), []);
});

test('what was there stays, and so do logs that say something', (t) => {
  const path = folder(t);
  const home = locateHome(path);
  mkdirSync(dirname(home.lock));
  writeFileSync(join(path, 'notes'), '');
  const traces = new Traces(home);
  prepareHome(home);
  writeFileSync(home.demo, '{}');
  writeFileSync(join(home.logs, 'agent.log'), 'why');
  traces.undo();
  assert.deepEqual(readdirSync(path).sort(), ['logs', 'notes', 'run']);
});

test('a home in which a process has begun something is not touched', (t) => {
  const home = locateHome(folder(t));
  const traces = new Traces(home);
  prepareHome(home);
  writeFileSync(home.demo, '{}');
  mkdirSync(dirname(home.state));
  traces.undo();
  assert.deepEqual(readdirSync(home.path).sort(), ['demo.json', 'logs', 'run', 'state']);
});
