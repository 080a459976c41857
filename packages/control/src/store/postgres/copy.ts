import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS, migrateSqlite } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { APPLICATION_ID, SqliteFile } from '../sqlite.ts';

type Tables = Record<string, Record<string, unknown>>;

/** Rows that are read at a time; parameters of one insert, of which SQLite takes 32,766. */
const ROWS = 1_000;
const PARAMETERS = 4_000;

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
    await copyRows(from, to);
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

async function copyRows(from: Kysely<Database>, to: Kysely<Database>): Promise<void> {
  const tables = await to.introspection.getTables();
  await to.transaction().execute(async (trx) => {
    const [source, target] = [from as unknown as Kysely<Tables>, trx as unknown as Kysely<Tables>];
    for (const { name, columns } of tables) {
      // A migration may have put rows in.
      await target.deleteFrom(name).execute();
      const names = columns.map((column) => column.name);
      const most = Math.floor(PARAMETERS / names.length);
      let rows: Record<string, unknown>[] = [];
      const flush = async () => {
        if (rows.length > 0) await target.insertInto(name).values(rows).execute();
        rows = [];
      };
      for await (const row of source.selectFrom(name).select(names).stream(ROWS)) {
        rows.push(row);
        if (rows.length === most) await flush();
      }
      await flush();
    }
  });
}
