import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { SESSION } from '@evenkeel/model/access-limits.ts';
import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import type { NewAuditEntry } from '../audit/entry.ts';
import type { UserRecord } from '../state/records.ts';
import { migrateSqlite } from '../store/migrate.ts';
import type { Database } from '../store/schema.ts';
import { SqliteFile } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { Sessions } from './sessions.ts';

test('a tenant that begins as many sessions as there may be ends its own, and none of others', async (t) => {
  const file = new SqliteFile(join(temporaryHome(t), 'evenkeel.db'));
  t.after(() => file.close());
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
  await migrateSqlite(db);
  const start = 1_800_000_000_000;
  const insert = file.raw.prepare('insert into session values (?, ?, ?, ?, 1, ?, ?, ?, ?)');
  const put = (tenant: string, number: number, at: number) =>
    insert.run(`ses-${tenant}-${number}`, tenant, `usr-${tenant}-${number}`, `${tenant} ${number}`, '', '', at, at);
  file.raw.exec('begin');
  for (let i = 0; i < 10; i++) put('quiet', i, start + i);
  for (let i = 0; i < SESSION.total - 10; i++) put('loud', i, start + 1_000 + i);
  file.raw.exec('commit');
  const store = { record: (work) => db.transaction().execute(work) } as Pick<Store, 'record'> as Store;
  const now = () => start + 20_000;
  const sessions = new Sessions({ store, ids: createIdSource(now, Math.random), now, secret: randomBytes });
  for (let i = 0; i < 5; i++) {
    const user = { id: `usr-new-${i}`, tenantId: i === 4 ? 'quiet' : 'loud', generation: 1 } as UserRecord;
    await sessions.begin(user, { source: '', userAgent: '' }, () => ({}) as NewAuditEntry);
  }
  const left = await db.selectFrom('session').select('id').orderBy('last_seen_at').execute();
  assert.equal(left.length, SESSION.total);
  const ids = left.map(({ id }) => id);
  assert.deepEqual(ids.slice(0, 11), [...Array.from({ length: 10 }, (_, i) => `ses-quiet-${i}`), 'ses-loud-5']);
});
