import { type Kysely, sql } from 'kysely';

/** Gives the settings of every object of a table another form, also of those that revisions remember. */
export async function changeSettings(
  db: Kysely<unknown>,
  table: string,
  change: (settings: Record<string, unknown>, id: string) => object,
): Promise<void> {
  const { rows } = await sql<{ id: string; settings: string }>`select id, settings from ${sql.table(table)}`.execute(
    db,
  );
  for (const { id, settings } of rows) {
    const changed = JSON.stringify(change(JSON.parse(settings) as Record<string, unknown>, id));
    await sql`update ${sql.table(table)} set settings = ${changed} where id = ${id}`.execute(db);
  }
  await changeRemembered(db, table, change);
}

/** See journal.ts for what is in the column `undo`. */
async function changeRemembered(
  db: Kysely<unknown>,
  table: string,
  change: (settings: Record<string, unknown>, id: string) => object,
): Promise<void> {
  const tables = await db.introspection.getTables();
  if (!tables.some(({ name }) => name === 'revision')) return;
  const { rows } = await sql<{ generation: number }>`select generation from revision order by generation`.execute(db);
  for (const { generation } of rows) {
    const found = await sql<{ undo: string }>`select undo from revision where generation = ${generation}`.execute(db);
    const entries = JSON.parse(found.rows[0]!.undo) as {
      table: string;
      id: string;
      row: { settings: string } | null;
    }[];
    const own = entries.filter((entry) => entry.table === table);
    if (own.length === 0) continue;
    for (const { id, row } of own) {
      if (row !== null) row.settings = JSON.stringify(change(JSON.parse(row.settings), id));
    }
    await sql`update revision set undo = ${JSON.stringify(entries)} where generation = ${generation}`.execute(db);
  }
}
