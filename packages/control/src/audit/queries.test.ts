import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import { migrateSqlite } from '../store/migrate.ts';
import type { AuditRow, Database } from '../store/schema.ts';
import { SqliteFile } from '../store/sqlite.ts';
import { type AuditFilters, type AuditPage, auditPage } from './queries.ts';

const row = (number: number, more: Partial<AuditRow>): AuditRow => ({
  id: `aud-${String(number).padStart(18, '0')}`,
  tenant_id: 'a',
  at: number,
  actor: 'ann',
  action: 'updateListener',
  outcome: 'done',
  resource_kind: 'listener',
  resource_id: 'lis-1',
  operation_id: null,
  place: number,
  total: number,
  details: '{}',
  before: null,
  after: null,
  ...more,
});

async function log(t: TestContext, rows: readonly AuditRow[]) {
  const file = new SqliteFile(join(temporaryHome(t), 'evenkeel.db'));
  t.after(() => file.close());
  const asked: { sql: string; parameters: readonly unknown[] }[] = [];
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: file }),
    log: ({ query: { sql, parameters } }) => void asked.push({ sql, parameters }),
  });
  await migrateSqlite(db);
  if (rows.length > 0) await db.insertInto('audit_entry').values(rows).execute();
  return { db, file, asked };
}

const page = (filters: AuditFilters, more: Partial<AuditPage> = {}): AuditPage => ({
  tenantId: 'a',
  filters,
  order: 'desc',
  after: null,
  limit: 10,
  ...more,
});

test('each filter of a tenant has an index that leads to what it lets through', async (t) => {
  const { db, file, asked } = await log(t, []);
  const filters: AuditFilters[] = [
    { resourceId: 'x' },
    { resourceKind: 'listener' },
    { actorId: 'x' },
    { action: 'x' },
    { outcome: 'denied' },
  ];
  for (const filter of filters) {
    asked.length = 0;
    await auditPage(db, page(filter));
    const { sql: text, parameters } = asked.at(-1)!;
    const plan = file.raw.prepare(`explain query plan ${text}`).all(...(parameters as string[]));
    const details = plan.map(({ detail }) => String(detail)).join('; ');
    assert.match(details, /USING INDEX audit_entry_\w+ \(tenant_id=\? AND \w+=\?\)/, JSON.stringify(filter));
    assert.doesNotMatch(details, /TEMP B-TREE|SCAN/, JSON.stringify(filter));
  }
});

test('what no index leads to is looked for in pages of so many entries, and all of it is found', async (t) => {
  const rows = Array.from({ length: 100 }, (_, i) =>
    row(i, { tenant_id: i % 2 === 0 ? 'a' : 'b', outcome: i === 4 || i === 6 || i === 91 ? 'denied' : 'done' }),
  );
  const { db } = await log(t, rows);
  const all = async (wanted: AuditPage) => {
    const places: number[] = [];
    const sizes: number[] = [];
    for (let after: string | null = null; ; ) {
      const found = await auditPage(db, { ...wanted, after }, 20);
      places.push(...found.rows.map(({ place }) => Number(place)));
      sizes.push(found.rows.length);
      if (found.next === null) return { places, sizes };
      assert.notEqual(found.next, after);
      after = found.next;
    }
  };
  const two: AuditFilters = { outcome: 'denied', actorId: 'ann' };
  assert.deepEqual(await all(page(two)), { places: [6, 4], sizes: [0, 0, 2] });
  assert.deepEqual(await all(page(two, { order: 'asc', limit: 1 })), { places: [4, 6], sizes: [1, 1, 0, 0] });
  assert.deepEqual(await all(page({ outcome: 'denied' }, { tenantId: null })), {
    places: [91, 6, 4],
    sizes: [1, 0, 0, 0, 2, 0],
  });
  assert.deepEqual(await all(page({ outcome: 'denied' })), { places: [6, 4], sizes: [2] });
});
