import { type Compilable, CompiledQuery, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Texts of statements that are kept; those of the store are far fewer. */
const TEXTS = 200;

const known = new WeakMap<object, Map<string, string>>();

/**
 * Carries out a statement whose text depends on nothing but `name` and the columns of the row, in their order: making it
 * costs more than carrying it out. Its parameters are the values of the row.
 */
export async function executeKept(
  trx: Transaction<Database>,
  name: string,
  row: object,
  make: () => Compilable,
): Promise<void> {
  const { adapter } = trx.getExecutor();
  let texts = known.get(adapter);
  if (texts === undefined) {
    texts = new Map();
    known.set(adapter, texts);
  }
  const key = `${name} ${Object.keys(row)}`;
  let text = texts.get(key);
  if (text === undefined) {
    text = make().compile().sql;
    if (texts.size < TEXTS) texts.set(key, text);
  }
  await trx.executeQuery(CompiledQuery.raw(text, Object.values(row)));
}

/** Adds a row. */
export function insertRow(trx: Transaction<Database>, table: keyof Database, row: object): Promise<void> {
  return executeKept(trx, `insert ${table}`, row, () => trx.insertInto(table).values(row as never));
}
