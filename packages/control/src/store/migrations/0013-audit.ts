import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the log of before had of a write, and what a row of its own becomes. */
interface Before {
  audit: {
    id: number;
    generation: number;
    at: number;
    actor: string;
    action: string;
    request_id: string;
    changes: string;
  };
  audit_entry: Record<string, string | number | null>;
  tenant: { id: string };
  operation: { id: string; tenant_id: string; generation: number; action: string; created_at: number };
}

/** The tenant of all that was there before there were tenants. */
const DEFAULT_TENANT = 'tnt-000000000000000000';
const ROWS = 200;
/** Crockford's base 32, as identifiers are written in. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** The audit log with a row for each resource: by whom, from where, before and after. */
export const audit: Migration = {
  async up(untyped: Kysely<unknown>) {
    const db = untyped as unknown as Kysely<Before>;
    await db.schema
      .createTable('audit_entry')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('resource_kind', 'text')
      .addColumn('resource_id', 'text')
      .addColumn('operation_id', 'text')
      .addColumn('place', 'bigint', (column) => column.notNull())
      .addColumn('total', 'bigint', (column) => column.notNull())
      .addColumn('details', 'text', (column) => column.notNull())
      .addColumn('before', 'text')
      .addColumn('after', 'text')
      .execute();
    for (const column of ['resource_id', 'resource_kind', 'actor', 'action', 'outcome']) {
      await db.schema
        .createIndex(`audit_entry_${column}`)
        .on('audit_entry')
        .columns(['tenant_id', column, 'id'])
        .execute();
    }
    await db.schema.createIndex('audit_entry_tenant_id').on('audit_entry').columns(['tenant_id', 'id']).execute();
    await carryOver(db);
    await db.schema.dropTable('audit').execute();
  },
};

/**
 * Takes the rows of before over, a page at a time: with the operations of the page looked up by one question through an
 * index that is there meanwhile. A full log is 100,000 rows beside 10,000 operations, and a start has 30 s for all.
 */
async function carryOver(db: Kysely<Before>): Promise<void> {
  const tenants = await db.selectFrom('tenant').select('id').execute();
  const counts = new Map<string, { place: number; total: number }>();
  await db.schema.createIndex('operation_generation').on('operation').column('generation').execute();
  for (let after = 0; ; ) {
    const rows = await db.selectFrom('audit').selectAll().where('id', '>', after).orderBy('id').limit(ROWS).execute();
    if (rows.length === 0) break;
    after = rows.at(-1)!.id;
    const operations = await operationsOf(db, rows);
    const entries = rows.flatMap((row) => {
      const operation = operations.get(`${row.generation} ${row.at} ${row.action}`);
      // Of whom it was is known from the operation alone; where there is one tenant, there is no doubt.
      const tenantId = operation?.tenant_id ?? (tenants.length > 1 ? '' : DEFAULT_TENANT);
      const count = counts.get(tenantId) ?? { place: 0, total: 0 };
      counts.set(tenantId, count);
      return entriesOf(row, tenantId, operation?.id ?? null).map((entry) => {
        count.place++;
        count.total += entry.details.length;
        return { ...entry, ...count };
      });
    });
    for (let i = 0; i < entries.length; i += ROWS) {
      await db
        .insertInto('audit_entry')
        .values(entries.slice(i, i + ROWS))
        .execute();
    }
  }
  await db.schema.dropIndex('operation_generation').execute();
}

/** The operations that the rows may be of, by generation, time and action. */
async function operationsOf(
  db: Kysely<Before>,
  rows: readonly Before['audit'][],
): Promise<Map<string, Pick<Before['operation'], 'id' | 'tenant_id'>>> {
  const generations = [...new Set(rows.map(({ generation }) => generation))];
  const found = await db
    .selectFrom('operation')
    .select(['id', 'tenant_id', 'generation', 'created_at', 'action'])
    .where('generation', 'in', generations)
    .execute();
  return new Map(
    found.map(({ id, tenant_id, generation, created_at, action }) => [
      `${generation} ${created_at} ${action}`,
      { id, tenant_id },
    ]),
  );
}

function entriesOf(row: Before['audit'], tenantId: string, operationId: string | null) {
  const changes = JSON.parse(row.changes) as { kind: string; id: string; name: string; change: string }[];
  return (changes.length === 0 ? [null] : changes).map((change, i) => ({
    id: `aud-${encoded(row.at, 10)}${encoded(row.id * 256 + i, 8)}`,
    tenant_id: tenantId,
    at: row.at,
    actor: row.actor,
    action: row.action,
    outcome: 'done',
    resource_kind: change?.kind ?? null,
    resource_id: change?.id ?? null,
    operation_id: operationId,
    details: JSON.stringify({
      actorName: row.actor,
      credential: null,
      source: '',
      code: null,
      detail: '',
      requestId: row.request_id,
      generation: row.generation,
      name: change?.name ?? '',
      change: change?.change ?? null,
      omitted: 0,
    }),
    before: null,
    after: null,
  }));
}

function encoded(value: number, digits: number): string {
  let text = '';
  for (let rest = value; text.length < digits; rest = Math.floor(rest / 32)) text = DIGITS[rest % 32] + text;
  return text;
}
