import { type Kysely, sql } from 'kysely';

/** Gives the settings of every object of a table another form. */
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
}
