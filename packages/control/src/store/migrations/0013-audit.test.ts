import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { temporaryHome } from '../../../test/home.ts';
import { MIGRATIONS, migrateSqlite } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { SqliteFile } from '../sqlite.ts';

const TEAM = 'tnt-000000000000000001';
/** What the version before kept at most. */
const AUDIT_ROWS = 100_000;
const OPERATIONS = 10_000;
const AT = 1_700_000_000_000;

const BEFORE = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < '0013-audit'));

/** Each row is of an operation of the team; those of the oldest rows are forgotten. */
async function fullLog(db: Kysely<Database>): Promise<void> {
  await sql`insert into tenant (id, name, settings, generation, created_at, updated_at)
    values (${TEAM}, 'team', '{}', 0, 0, 0)`.execute(db);
  await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${AUDIT_ROWS})
    insert into audit (generation, at, actor, action, request_id, changes)
    select i, ${AT} + i, 'admin', 'updateListener', 'r',
      '[{"kind":"listener","id":"lsn-01hf7yat018zv6cc04","name":"a","change":"updated"}]' from n`.execute(db);
  await sql`insert into operation (id, tenant_id, generation, action, resources, listeners, created_at)
    select 'op-' || generation, ${TEAM}, generation, action, '[]', '[]', at from audit
    where generation > ${AUDIT_ROWS - OPERATIONS}`.execute(db);
}

test('a full log is carried over in a fraction of the time that a start has, each row with its operation', async (t) => {
  const sqlite = new SqliteFile(join(temporaryHome(t), 'evenkeel.db'));
  t.after(() => sqlite.close());
  let statements = 0;
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }), log: () => void statements++ });
  await migrateSqlite(db, BEFORE);
  await fullLog(db);
  statements = 0;
  await migrateSqlite(db, { ...BEFORE, '0013-audit': MIGRATIONS['0013-audit']! });
  assert.ok(statements < AUDIT_ROWS / 50, `${statements} statements: none for each row`);

  const { rows } = await sql<{ tenant_id: string; count: number; place: number; named: number }>`
    select tenant_id, count(*) as count, max(place) as place, count(operation_id) as named
    from audit_entry group by tenant_id order by tenant_id`.execute(db);
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { tenant_id: '', count: AUDIT_ROWS - OPERATIONS, place: AUDIT_ROWS - OPERATIONS, named: 0 },
      { tenant_id: TEAM, count: OPERATIONS, place: OPERATIONS, named: OPERATIONS },
    ],
  );
  const wrong = await sql`select 1 from audit_entry join operation on operation.id = operation_id
    where operation.created_at <> audit_entry.at`.execute(db);
  assert.equal(wrong.rows.length, 0);
  const left = await sql`select 1 from sqlite_master where name in ('operation_generation', 'audit')`.execute(db);
  assert.equal(left.rows.length, 0);
});
