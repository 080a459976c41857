import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Backup } from '@evenkeel/model/resources/backup.ts';
import { PostgresServer, requiresPostgres } from '@evenkeel/testbed/postgres-server.ts';
import { Installation } from './installation.ts';

let evenkeel: Installation;
before(async () => {
  evenkeel = await Installation.start();
});
after(async () => evenkeel?.[Symbol.asyncDispose]());

const run = (line: string) => evenkeel.run(line.split(' '));
const ok = (line: string) => evenkeel.succeed(line.split(' '));

test('a load balancer that was deleted is there again, and what was there before can be had back', async () => {
  await ok('lb create web --listener http:8080 --target 127.0.0.1:3000');
  const made = JSON.parse(await ok('backup create --json')) as Backup;
  assert.match(await ok('backup verify latest'), /can be restored: \d+ objects/);
  assert.equal((await run('backup restore latest --dry-run')).exitCode, 0);
  await ok('lb delete web --yes');
  const dry = await run(`backup restore ${made.id} --dry-run`);
  assert.equal(dry.exitCode, 7);
  assert.match(dry.out, /^\+ load balancer web$/m);
  assert.equal((await run('lb show web')).exitCode, 3);
  const restored = await ok(`backup restore ${made.id} --yes`);
  assert.match(restored, /What was there before is in backup bkp-/);
  assert.match(await ok('lb show web'), /web/);
  assert.match(await ok('backup list'), /before-restore/);
});

test('the policy is shown and changed', async () => {
  await ok('backup policy --every 6 --keep 28');
  const policy = JSON.parse(await ok('backup policy --json')) as { intervalHours: number; keep: number };
  assert.deepEqual([policy.intervalHours, policy.keep], [6, 28]);
  assert.equal((await run('backup policy --keep 0')).exitCode, 2);
});

test('a backup becomes a home of its own, and never takes the place of one', async () => {
  const { file } = JSON.parse(await ok('backup create --json')) as Backup;
  const key = join(evenkeel.home, 'credentials', 'secrets.key');
  const home = join(evenkeel.home, 'beside');
  await ok(`backup unpack ${file} ${home} --key ${key}`);
  assert.ok(existsSync(join(home, 'state', 'evenkeel.db')));
  const key2 = join(evenkeel.home, 'credentials', 'admin.json');
  const wrong = await run(`backup unpack ${file} ${home}-2 --key ${key2}`);
  assert.deepEqual([wrong.exitCode, /is no key/.test(wrong.err), existsSync(`${home}-2`)], [2, true, false], wrong.err);
  const again = await run(`backup unpack ${file} ${home} --key ${key}`);
  assert.equal(again.exitCode, 2);
  assert.match(again.err, /is there already/);
});

test('a backup is unpacked into an empty database of PostgreSQL, and into no other', {
  skip: requiresPostgres(),
  timeout: 120_000,
}, async (t) => {
  const server = await PostgresServer.start();
  t.after(() => server.stop());
  const url = server.createDatabase();
  const { file } = JSON.parse(await ok('backup create --json')) as Backup;
  const key = join(evenkeel.home, 'credentials', 'secrets.key');
  const home = join(evenkeel.home, 'on-postgres');
  const words = ['backup', 'unpack', file, home, '--key', key];
  const none = await evenkeel.run([...words, '--database']);
  assert.deepEqual([none.exitCode, existsSync(home)], [2, false]);
  assert.match(none.err, /--database needs a URL, or EVENKEEL_DATABASE/);
  const { exitCode, out } = await evenkeel.run([...words, '--database'], { env: { EVENKEEL_DATABASE: url } });
  assert.equal(exitCode, 0);
  assert.match(out, /has the state now \(\d+ objects\), and .*on-postgres is the home of a control plane on it/);
  assert.ok(existsSync(join(home, 'credentials', 'secrets.key')));
  const again = await evenkeel.run(['backup', 'unpack', file, `${home}-2`, '--key', key, '--database', url]);
  assert.deepEqual([again.exitCode, existsSync(`${home}-2`)], [1, false]);
  assert.match(again.err, /is not empty: it holds a state of Evenkeel; nothing was changed/);
});
