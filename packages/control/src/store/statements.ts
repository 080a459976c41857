import { type Compilable, CompiledQuery, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Texts of statements that are kept; those of the store are far fewer. */
const TEXTS = 400;
/** Rows that one statement carries, the most first: each number of them is a text of its own, so there are few. */
const ROWS = [64, 16, 4, 1] as const;

const known = new WeakMap<object, Map<string, string>>();

/**
 * Carries out a statement for each of the values, with as many in one as there may be: `rowOf` makes the row of one, all
 * with the same columns, and `make` the statement of some rows, whose text depends on nothing but `name`, their number and
 * the columns. Making it costs more than carrying it out, so it is kept. Its parameters are the values of the rows, in
 * their order.
 */
export async function executeRows<T>(
  trx: Transaction<Database>,
  name: string,
  values: readonly T[],
  rowOf: (value: T) => object,
  make: (rows: readonly object[]) => Compilable,
): Promise<void> {
  for (let done = 0; done < values.length; ) {
    const count = ROWS.find((rows) => rows <= values.length - done)!;
    // Rows are made when it is their turn: there may be a hundred thousand.
    const rows = values.slice(done, done + count).map(rowOf);
    const columns = Object.keys(rows[0]!);
    const text = textOf(trx, `${name} ${count} ${columns}`, () => make(rows));
    const parameters = rows.flatMap((row) => columns.map((column) => row[column as keyof typeof row] as unknown));
    await trx.executeQuery(CompiledQuery.raw(text, parameters));
    done += count;
  }
}

/** Adds rows, all with the same columns. */
export function insertRows(trx: Transaction<Database>, table: keyof Database, rows: readonly object[]): Promise<void> {
  const make = (part: readonly object[]) => trx.insertInto(table).values(part as never);
  return executeRows(trx, `insert ${table}`, rows, (row) => row, make);
}

/**
 * Carries out a statement for each of the rows, one by one: its parameters are their values, in their order, so that its
 * text is made once.
 */
export async function executeEach<Row extends object>(
  trx: Transaction<Database>,
  name: string,
  rows: readonly Row[],
  make: (row: Row) => Compilable,
): Promise<void> {
  for (const row of rows) {
    const text = textOf(trx, name, () => make(row));
    await trx.executeQuery(CompiledQuery.raw(text, Object.values(row)));
  }
}

function textOf(trx: Transaction<Database>, key: string, make: () => Compilable): string {
  const { adapter } = trx.getExecutor();
  let texts = known.get(adapter);
  if (texts === undefined) {
    texts = new Map();
    known.set(adapter, texts);
  }
  let text = texts.get(key);
  if (text === undefined) {
    text = make().compile().sql;
    if (texts.size < TEXTS) texts.set(key, text);
  }
  return text;
}
