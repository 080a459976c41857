import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { DEFAULT_POOLS } from '../options.ts';
import { Vault } from '../secrets/vault.ts';
import { Store } from '../store/store.ts';
import { type BackupOptions, Backups } from './backups.ts';

const HOUR = 3_600_000;

async function setUp(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'evenkeel-backups-'));
  const clock = { now: Date.UTC(2026, 0, 1) };
  const now = () => clock.now;
  const vault = new Vault(join(home, 'secrets.key'));
  const store = await Store.open({
    file: join(home, 'state.db'),
    vault,
    quotas: DEFAULT_QUOTAS,
    pools: DEFAULT_POOLS,
    now,
    random: Math.random,
    secret: () => Buffer.alloc(32),
  });
  t.after(async () => {
    await store.close();
    rmSync(home, { recursive: true });
  });
  const folder = join(home, 'backups');
  const open = (more: Partial<BackupOptions> = {}) =>
    new Backups({ folder, store, vault, version: '1', now, random: Math.random, ...more });
  return { clock, folder, open };
}

const unexpected = (error: unknown) => {
  throw error;
};

test('the policy makes a backup when it is time, also after a start, and keeps so many', async (t) => {
  const { clock, open } = await setUp(t);
  let backups = open();
  await backups.changePolicy({ intervalHours: 6, keep: 3 });
  await backups.tick(unexpected);
  await backups.tick(unexpected);
  assert.equal((await backups.list()).length, 1);
  const [first] = await backups.list();
  clock.now += 6 * HOUR - 1;
  backups = open();
  await backups.tick(unexpected);
  assert.equal((await backups.list()).length, 1);
  for (let i = 0; i < 5; i++) {
    clock.now += 6 * HOUR;
    await backups.tick(unexpected);
  }
  const kept = await backups.list();
  assert.equal(kept.length, 3);
  assert.ok(!kept.some(({ id }) => id === first!.id));
  assert.equal(backups.lastSuccessAt, clock.now);
});

test('what somebody asked for is not deleted by the policy, and nothing is made while it is off', async (t) => {
  const { clock, open } = await setUp(t);
  const backups = open();
  const own = await backups.make('mine');
  await backups.changePolicy({ keep: 1, intervalHours: 1 });
  for (let i = 0; i < 3; i++) {
    await backups.tick(unexpected);
    clock.now += HOUR;
  }
  await backups.changePolicy({ enabled: false });
  await backups.tick(unexpected);
  const list = await backups.list();
  assert.deepEqual(
    list.map(({ reason }) => reason),
    ['manual', 'policy'],
  );
  assert.equal(list[0]!.id, own.id);
});

test('a failure is counted, told by the policy, and tried again', async (t) => {
  const { folder, open } = await setUp(t);
  const backups = open();
  // A file where the folder should be: nothing can be written into it.
  writeFileSync(folder, '');
  const failures: unknown[] = [];
  await backups.tick((error) => failures.push(error));
  assert.equal(failures.length, 1);
  assert.equal(backups.failures, 1);
  rmSync(folder);
  assert.notEqual((await backups.policy()).lastError, null);
  await backups.tick(unexpected);
  assert.equal((await backups.policy()).lastError, null);
  assert.equal((await backups.list()).length, 1);
});

test('what a process that was killed has left is deleted, and no backup with it', async (t) => {
  const { folder, open } = await setUp(t);
  const { id } = await open().make('whole');
  const half = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const name of [`${half}.db`, `${half}.db-journal`, `${half}.json.new`]) writeFileSync(join(folder, name), 'x');
  writeFileSync(join(folder, 'mine.txt'), 'x');
  const backups = open();
  await backups.changePolicy({ enabled: false });
  await backups.tick(unexpected);
  assert.deepEqual(readdirSync(folder).sort(), [`${id}.db`, `${id}.json`, 'mine.txt'].sort());
  assert.equal((await backups.verify(id)).sound, true);
  assert.equal(readdirSync(folder).length, 3);
});

test('the policy has restore tests made when it is time, and tells what came of them', async (t) => {
  const { clock, folder, open } = await setUp(t);
  const untestable: string[] = [];
  const backups = open({ untestable: (_, reason) => untestable.push(reason) });
  await backups.changePolicy({ intervalHours: 1, testIntervalHours: 2 });
  await backups.tick(unexpected);
  const first = clock.now;
  assert.deepEqual(await testOf(backups), [first, null]);
  clock.now += HOUR;
  await backups.tick(unexpected);
  assert.deepEqual(await testOf(backups), [first, null], 'not yet');

  // The copy is made, and then somebody changes it.
  clock.now += HOUR;
  const failures: unknown[] = [];
  const spoilt = open({
    untestable: (_, reason) => untestable.push(reason),
    made: ({ id }) => appendFileSync(join(folder, `${id}.db`), 'x'),
  });
  await spoilt.tick((error) => failures.push(error));
  assert.equal(failures.length, 1);
  assert.match(untestable[0]!, /checksum/);
  const [at, error] = await testOf(spoilt);
  assert.equal(at, clock.now);
  assert.match(String(error), /^bkp-.*checksum/);

  clock.now += 2 * HOUR;
  await open().tick(unexpected);
  assert.deepEqual(await testOf(open()), [clock.now, null]);
  await backups.changePolicy({ testIntervalHours: 0 });
  const last = clock.now;
  clock.now += 100 * HOUR;
  await open().tick(unexpected);
  assert.deepEqual(await testOf(open()), [last, null], 'none are made any more');
});

test('a policy from before it was in the state is taken over once, and its file is left alone', async (t) => {
  const { folder, open } = await setUp(t);
  mkdirSync(folder);
  const file = join(folder, 'policy.json');
  const text = JSON.stringify({ intervalHours: 6, keep: 28 });
  writeFileSync(file, text);
  const taken: string[] = [];
  const policyTaken = (from: string, { keep }: { readonly keep: number }) => taken.push(`${from} ${keep}`);
  const backups = open({ policyTaken });
  assert.equal((await backups.policy()).keep, 28, 'also before it is written');
  await backups.begin(unexpected);
  assert.deepEqual(taken, [`${file} 28`]);
  await backups.changePolicy({ keep: 5 });
  const next = open({ policyTaken });
  await next.begin(unexpected);
  const { enabled, intervalHours, keep, testIntervalHours } = await next.policy();
  assert.deepEqual([enabled, intervalHours, keep, testIntervalHours], [true, 6, 5, 168]);
  assert.equal(taken.length, 1);
  assert.equal(readFileSync(file, 'utf8'), text);
});

test('without such a file the defaults are written, so that nobody who leads later brings other rules', async (t) => {
  const { folder, open } = await setUp(t);
  await open().begin(unexpected);
  mkdirSync(folder);
  writeFileSync(join(folder, 'policy.json'), JSON.stringify({ enabled: false, keep: 1 }));
  const later = open({ policyTaken: () => assert.fail('nothing is taken') });
  await later.begin(unexpected);
  const { enabled, keep } = await later.policy();
  assert.deepEqual([enabled, keep], [true, 7]);
});

async function testOf(backups: Backups): Promise<[number | null, string | null]> {
  const { lastTestAt, lastTestError } = await backups.policy();
  return [lastTestAt, lastTestError];
}
