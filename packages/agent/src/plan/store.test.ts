import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { applyDelta, diffPlans, planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { recordingLog } from '../../test/log.ts';
import { plannedGroup, plannedListener, plannedRule, plannedService, plannedTarget } from '../../test/planned.ts';
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
  path = join(home, 'agent', 'plan.jsonl');
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

/** A plan of many groups, and one of which a group was changed. */
function manyGroups(count: number): NodePlan {
  return planOf(
    1,
    Array.from({ length: count }, (_, n) => planEntry('group', plannedGroup({ id: `grp-${n}` }))),
  );
}

function changed(before: NodePlan, group: number, weight: number): NodePlan {
  const id = `grp-${group}`;
  const next = planOf(before.version + 1, [
    ...[...before.entries.values()].filter((entry) => entry.key !== `group/${id}`),
    planEntry('group', plannedGroup({ id, targets: [plannedTarget({ weight })] })),
  ]);
  const result = applyDelta(before, diffPlans(before, next));
  assert.ok(result);
  return result;
}

const sorted = (plan: NodePlan | null) => [...(plan?.entries ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));

test('a change is put behind the plan, which stays as it was written', async () => {
  const before = manyGroups(500);
  const writer = store();
  writer.save(before);
  await writer.flush();
  const whole = readFileSync(path);
  const inode = statSync(path).ino;
  let now = before;
  for (let change = 1; change <= 5; change++) {
    now = changed(now, change, change);
    writer.save(now);
    await writer.flush();
  }
  const file = readFileSync(path);
  assert.equal(statSync(path).ino, inode);
  assert.deepEqual(file.subarray(0, whole.length), whole);
  assert.ok(file.length < whole.length + 5_000, 'five changes of one group each');
  const loaded = await store().load();
  assert.deepEqual([loaded?.version, loaded?.hash, sorted(loaded)], [now.version, now.hash, sorted(now)]);
});

test('a restarted node goes on behind what it has read', async () => {
  const before = manyGroups(10);
  const first = store();
  first.save(before);
  await first.flush();
  const inode = statSync(path).ino;
  const second = store();
  const loaded = await second.load();
  assert.ok(loaded);
  second.save(changed(loaded, 3, 7));
  await second.flush();
  assert.equal(statSync(path).ino, inode);
  assert.equal((await store().load())?.version, 2);
});

test('when there is as much of changes as of plan, and not before, the plan is written anew', async () => {
  const writer = store();
  let now = manyGroups(2_000);
  writer.save(now);
  await writer.flush();
  const { ino, size } = statSync(path);
  for (let change = 0; statSync(path).ino === ino; change++) {
    assert.ok(statSync(path).size <= 2 * size);
    const next = planOf(now.version + 1, manyGroupsWithWeight(2_000, change % 2 === 0 ? 300 : 1_500, change));
    now = next;
    writer.save(next);
    await writer.flush();
    assert.ok(change < 100, 'the file has grown for ever');
  }
  assert.ok(Math.abs(statSync(path).size - size) < 10_000);
  const loaded = await store().load();
  assert.deepEqual([loaded?.version, sorted(loaded)], [now.version, sorted(now)]);
});

function manyGroupsWithWeight(count: number, until: number, weight: number): PlanEntry[] {
  return Array.from({ length: count }, (_, n) =>
    planEntry('group', plannedGroup({ id: `grp-${n}`, targets: [plannedTarget({ weight: n < until ? weight : 10 })] })),
  );
}

test('a key that has gone out of use is not on the disk any more', async () => {
  const certificate = (name: string): PlanEntry =>
    planEntry('certificate', {
      id: 'crt-1',
      chain: '',
      privateKey: `the key of ${name}`,
      names: [],
      keyType: 'ecdsa',
      ocspResponse: null,
    });
  const tickets = (name: string): PlanEntry =>
    planEntry('ticket-keys', { id: 'current', keys: [`the tickets of ${name}`] });
  const sticky = (name: string): PlanEntry =>
    planEntry(
      'service',
      plannedService({
        stickiness: { type: 'cookie', cookieName: 'c', expiry: 0, key: `the cookies of ${name}`, oldKeys: [] },
      }),
    );
  const token = (name: string): PlanEntry => {
    const keys = JSON.stringify({ keys: [{ kty: 'oct', k: `the tokens of ${name}` }] });
    const jwt = { keys, algorithms: ['HS256'], issuer: null, audience: null, leeway: 0, claims: [] } as const;
    return planEntry('rule-group', { id: 'rg-1', name: 'rg', order: 'priority', rules: [plannedRule({ jwt })] });
  };
  const writer = store();
  for (const [version, name] of ['yesterday', 'today', 'nobody'].entries()) {
    const kinds = [certificate, tickets, sticky, token];
    for (const [step, make] of kinds.entries()) {
      const kept = kinds.slice(step + 1).map((other) => other('yesterday'));
      const entries = name === 'yesterday' ? [...kept, make(name)] : name === 'today' ? [make(name)] : [];
      writer.save(planOf(version * kinds.length + step + 1, entries));
      await writer.flush();
      const file = readFileSync(path, 'utf8');
      const found = file.match(/the \w+ of \w+/g) ?? [];
      assert.equal(found.length, entries.length, `${name} ${step}: ${found}`);
    }
  }
});

test('changes cut at any length, or with any changed byte, leave the plan before them', async () => {
  const versions: { readonly end: number; readonly plan: NodePlan }[] = [];
  const writer = store();
  let now = manyGroups(5);
  for (let change = 0; change < 4; change++) {
    if (change > 0) now = changed(now, change, change);
    writer.save(now);
    await writer.flush();
    versions.push({ end: statSync(path).size, plan: now });
  }
  const whole = readFileSync(path);
  const begun = versions[0]?.end ?? 0;
  for (let length = begun; length <= whole.length; length += 7) {
    const expected = versions.findLast(({ end }) => end <= length)?.plan;
    writeFileSync(path, whole.subarray(0, length));
    const reader = store();
    const loaded = await reader.load();
    assert.deepEqual(
      [loaded?.version, sorted(loaded)],
      [expected?.version, sorted(expected ?? null)],
      `cut at ${length}`,
    );
    assert.equal(lines.length, versions.some(({ end }) => end === length) ? 0 : 1);
    // What was torn is not written behind.
    reader.save({ ...plan, version: 99 });
    await reader.flush();
    assert.equal((await store().load())?.version, 99);
  }
  for (let at = begun; at < whole.length; at += 7) {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] as number) ^ 1;
    writeFileSync(path, altered);
    const loaded = await store().load();
    const expected = versions.findLast(({ end }) => end <= at)?.plan;
    assert.deepEqual([loaded?.version, sorted(loaded)], [expected?.version, sorted(expected ?? null)], `byte ${at}`);
  }
});

test('a file that somebody has removed or written to is written anew', async () => {
  const writer = store();
  let now = manyGroups(5);
  writer.save(now);
  await writer.flush();
  rmSync(path);
  now = changed(now, 1, 1);
  writer.save(now);
  await writer.flush();
  assert.equal((await store().load())?.version, 2);
  appendFileSync(path, 'x');
  now = changed(now, 1, 2);
  writer.save(now);
  await writer.flush();
  assert.equal((await store().load())?.version, 3);
  assert.equal(writer.failures, 0);
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

test('rules that change without their secrets are put behind the plan', async () => {
  const keys = JSON.stringify({ keys: [{ kty: 'oct', k: 'the tokens' }] });
  const jwt = { keys, algorithms: ['HS256'], issuer: null, audience: null, leeway: 0, claims: [] } as const;
  const group = (name: string): PlanEntry => {
    const rules = [plannedRule({ jwt }), plannedRule({ id: 'rule-2', name })];
    return planEntry('rule-group', { id: 'rg-1', name: 'rg', order: 'priority', rules });
  };
  const writer = store();
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    writer.save(planOf(i + 1, [group(name)]));
    await writer.flush();
  }
  assert.equal(readFileSync(path, 'utf8').match(/the tokens/g)?.length, 3);
});
