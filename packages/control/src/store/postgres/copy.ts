import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { copyRows } from '../copy-rows.ts';
import { MIGRATIONS, migrateSqlite } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { APPLICATION_ID, SqliteFile } from '../sqlite.ts';

/**
 * Copies all rows to a new SQLite file with the same tables: such as those are by now, also when they are of an earlier
 * version. Whoever reads it cannot tell it from a copy of a state that was in SQLite.
 */
export async function copyToSqlite(from: Transaction<Database>, path: string): Promise<void> {
  const file = new SqliteFile(path);
  try {
    file.pragma(`application_id = ${APPLICATION_ID}`);
    const to = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
    await migrateSqlite(to, await carriedOut(from));
    await to.transaction().execute((trx) => copyRows(from, trx));
  } finally {
    file.close();
  }
}

/** The migrations that the tables have seen. */
async function carriedOut(from: Transaction<Database>): Promise<typeof MIGRATIONS> {
  const migrator = new Migrator({ db: from, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const known = await migrator.getMigrations();
  const done = known.filter(({ executedAt }) => executedAt !== undefined).map(({ name }) => name);
  return Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => done.includes(name)));
}
