import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { recordingLog } from '../../test/log.ts';
import { plannedGroup, plannedListener, plannedService } from '../../test/planned.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { type Clock, systemClock } from '../clock/clock.ts';
import { PlanStore } from './store.ts';

const plan = planOf(7, [
  planEntry('listener', plannedListener({ name: 'größe "x" \u2028' })),
  planEntry('service', plannedService()),
  planEntry('group', plannedGroup()),
]);

let home = '';
let path = '';
let lines: Record<string, unknown>[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'plan-store-'));
  path = join(home, 'agent', 'plan.json');
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function store(clock: Clock = systemClock): PlanStore {
  const recording = recordingLog();
  lines = recording.lines;
  return new PlanStore({ path, clock, log: recording.log });
}

async function saved(): Promise<string> {
  const writer = store();
  writer.save(plan);
  await writer.flush();
  return readFileSync(path, 'utf8');
}

test('what is saved is loaded; the file is private and nothing is left beside it', async () => {
  await saved();
  const loaded = await store().load();
  assert.deepEqual(loaded, plan);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(existsSync(`${path}.new`), false);
});

test('no file is no plan, without a complaint', async () => {
  assert.equal(await store().load(), null);
  assert.deepEqual(lines, []);
});

test('of plans that come while one is written, only the newest is written', async () => {
  const writer = store();
  for (let version = 1; version <= 50; version++) writer.save({ ...plan, version });
  await writer.flush();
  assert.equal(writer.savedVersion, 50);
  assert.equal((await store().load())?.version, 50);
});

test('a file cut at any length is moved aside and counts as none', async () => {
  const whole = await saved();
  for (let length = 0; length < whole.length; length += 37) {
    writeFileSync(path, whole.slice(0, length));
    assert.equal(await store().load(), null, `cut at ${length}`);
    assert.equal(existsSync(path), false);
    assert.equal(readFileSync(`${path}.corrupt`, 'utf8').length, length);
    assert.equal(lines.length, 1);
    assert.match(String(lines[0]?.['msg']), /damaged; moved aside/);
  }
});

test('a file with any changed byte is moved aside', async () => {
  const whole = await saved();
  for (let at = 0; at < whole.length; at += 41) {
    const changed = `${whole.slice(0, at)}${whole[at] === '1' ? '2' : '1'}${whole.slice(at + 1)}`;
    writeFileSync(path, changed);
    assert.equal(await store().load(), null, `byte ${at}`);
  }
});

test('a full disk keeps the old file, is logged once, and heals by itself', async () => {
  const before = await saved();
  // What is written beside the file goes to a device that is always full.
  symlinkSync('/dev/full', `${path}.new`);
  const writer = store();
  writer.save({ ...plan, version: 8 });
  await writer.flush();
  assert.equal(writer.failures, 1);
  assert.equal(readFileSync(path, 'utf8'), before);
  assert.match(String(lines[0]?.['msg']), /cannot be written to disk/);
  assert.equal(existsSync('/dev/full'), true);

  writer.save({ ...plan, version: 9 });
  await writer.flush();
  assert.equal((await store().load())?.version, 9);
});

test('a plan that could not be written is tried again after 1 s, doubling to 30 s, and the newest one then', async () => {
  const clock = new VirtualClock();
  const writer = store(clock);
  /** Lets the write end that is under way, whatever it waits for. */
  const written = async () => {
    while (writer.savedVersion === 0 && clock.timers === 0) await settle();
  };
  writeFileSync(join(home, 'agent'), 'a file in the place of the directory');
  writer.save(plan);
  await written();
  for (const [index, wait] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
    assert.equal(writer.failures, index + 1);
    if (index === 3) writer.save({ ...plan, version: 8 });
    clock.advance(wait - 1);
    assert.equal(clock.timers, 1, `waits for ${wait} ms`);
    clock.advance(1);
    assert.equal(clock.timers, 0, `waits for ${wait} ms only`);
    await written();
  }
  rmSync(join(home, 'agent'));
  clock.advance(30_000);
  await written();
  assert.equal(writer.savedVersion, 8);
  assert.equal(clock.timers, 0);
  assert.equal((await store().load())?.version, 8);
});

test('a flush that fails leaves no timer behind', async () => {
  const clock = new VirtualClock();
  const writer = store(clock);
  writeFileSync(join(home, 'agent'), 'a file in the place of the directory');
  writer.save(plan);
  await writer.flush();
  assert.deepEqual([writer.failures, clock.timers], [1, 0]);
  await writer.flush();
  assert.deepEqual([writer.failures, clock.timers], [2, 0]);
});

test('a directory that cannot be written to is a failure, not a crash', async () => {
  const writer = store();
  writeFileSync(join(home, 'agent'), 'a file in the place of the directory');
  writer.save(plan);
  await writer.flush();
  writer.save({ ...plan, version: 8 });
  await writer.flush();
  assert.equal(writer.failures, 2);
  assert.equal(lines.filter((line) => line['level'] === 50).length, 1, 'logged once');
  rmSync(join(home, 'agent'));
  writer.save(plan);
  await writer.flush();
  assert.equal(writer.savedVersion, 7);
});
