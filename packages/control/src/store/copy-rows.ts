import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

type Tables = Record<string, Record<string, unknown>>;

/** Rows that are read at a time; parameters of one insert, of which SQLite takes 32,766. */
const ROWS = 1_000;
const PARAMETERS = 4_000;

/** Puts all rows of `from` in place of those in `to`, whose tables are the same; `except` names tables that stay empty. */
export async function copyRows(
  from: Kysely<Database>,
  to: Transaction<Database>,
  except: readonly string[] = [],
): Promise<void> {
  const [source, target] = [from as unknown as Kysely<Tables>, to as unknown as Kysely<Tables>];
  for (const { name, columns } of await to.introspection.getTables()) {
    // A migration may have put rows in.
    await target.deleteFrom(name).execute();
    if (except.includes(name)) continue;
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
}
