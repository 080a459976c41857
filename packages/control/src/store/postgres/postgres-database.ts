import { isAbortedTransactionError, Kysely, sql, type Transaction } from 'kysely';
import type { Failure, StateDatabase } from '../database.ts';
import type { Database } from '../schema.ts';
import { Connections } from './connections.ts';
import { StatePostgresDialect } from './dialect.ts';
import { longCursor } from './long-cursor.ts';
import type { PostgresSettings } from './settings.ts';

/** Other control planes listen on it; said in the transaction of each change. */
export const CHANNEL = 'evenkeel_state';

/** Where the API of a leader is, and the SHA-256 of its certificate; null: without TLS. */
export interface LeaderPlace {
  readonly address: string;
  readonly fingerprint: string | null;
}

/** Another control plane has begun to lead; nothing was written. */
export class SupersededError extends Error {
  constructor() {
    super('another control plane leads');
  }
}

/** The connection broke while a transaction was committed: it may be there, or not. */
class CommitUnknownError extends Error {}

/** The state in PostgreSQL, which several control planes read, and the one that leads writes. */
export class PostgresDatabase implements StateDatabase {
  readonly db: Kysely<Database>;
  readonly oneConnection = false;
  readonly followed = true;
  readonly #settings: PostgresSettings;
  readonly #connections: Connections;
  /** Of the term in which this process leads; null: it does not. */
  #epoch: number | null = null;

  /** Loads the driver; connects with the first statement. */
  static async open(settings: PostgresSettings): Promise<PostgresDatabase> {
    const [connections, { default: Cursor }] = await Promise.all([Connections.open(settings), import('pg-cursor')]);
    return new PostgresDatabase(settings, connections, longCursor(Cursor));
  }

  private constructor(settings: PostgresSettings, connections: Connections, cursor: typeof import('pg-cursor')) {
    this.#settings = settings;
    this.#connections = connections;
    const { pool } = connections;
    this.db = new Kysely<Database>({ dialect: new StatePostgresDialect({ pool, cursor: cursor as never }) });
  }

  get name(): string {
    return this.#settings.name;
  }

  get leads(): boolean {
    return this.#epoch !== null;
  }

  /**
   * Begins a term: no transaction of an earlier one can be committed any more. Then comes `prepare`, and then this process
   * may write. Tells everybody where the leader is.
   */
  async lead(place: LeaderPlace, now: number, prepare: () => Promise<void>): Promise<void> {
    const { epoch } = await this.db.transaction().execute(async (trx) => {
      const row = { ...place, since: now };
      const term = await trx
        .insertInto('leadership')
        .values({ id: 1, epoch: 1, ...row })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet(({ ref }) => ({ epoch: sql<number>`${ref('leadership.epoch')} + 1`, ...row })),
        )
        .returning('epoch')
        .executeTakeFirstOrThrow();
      await notify(trx);
      return term;
    });
    await prepare();
    this.#epoch = epoch;
  }

  /** Tells everybody that the leader is elsewhere, or known by another certificate; nothing when another one leads. */
  async moveTo({ address, fingerprint }: LeaderPlace): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      await trx
        .updateTable('leadership')
        .set({ address, fingerprint })
        .where('id', '=', 1)
        .where('epoch', '=', this.#epoch ?? -1)
        .execute();
      await notify(trx);
    });
  }

  /** Ends the term of whoever leads, before the tables become those of a later version. */
  async endTerms(): Promise<void> {
    const { rows } = await sql<{ there: boolean }>`select to_regclass('leadership') is not null as there`.execute(
      this.db,
    );
    if (rows[0]?.there)
      await this.db
        .updateTable('leadership')
        .set(({ ref }) => ({ epoch: sql`${ref('epoch')} + 1` }))
        .execute();
  }

  /** Writes nothing from now on. */
  resign(): void {
    this.#epoch = null;
  }

  async transaction(work: (trx: Transaction<Database>) => Promise<void>): Promise<void> {
    const epoch = this.#epoch;
    if (epoch === null) throw new SupersededError();
    await this.once(async (trx) => {
      // A new leader changes the row before it reads the state, and waits for those who hold it.
      const term = await sql<{ epoch: number }>`select epoch from leadership where id = 1 for share`.execute(trx);
      if (term.rows[0]?.epoch !== epoch) throw new SupersededError();
      await work(trx);
      await notify(trx);
      if (this.#epoch !== epoch) throw new SupersededError();
    });
  }

  /** A transaction of nobody's term, as there is none yet where tables are made. Rejects as `failureOf` says. */
  async once<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    const trx = await this.db.startTransaction().execute();
    // Only then the connection is given back; one that is gone is given up, and the transaction with it.
    const rollBack = () =>
      trx
        .rollback()
        .execute()
        .catch(() => {});
    let value: T;
    try {
      value = await work(trx);
    } catch (error) {
      await rollBack();
      throw error;
    }
    try {
      await trx.commit().execute();
    } catch (error) {
      await rollBack();
      if (sqlState(error) !== null || isAbortedTransactionError(error)) throw error;
      throw new CommitUnknownError('the connection broke during the commit', { cause: error });
    }
    return value;
  }

  /** All rows as they are at one moment, in the tables of a SQLite file; writes go on meanwhile. */
  async copyTo(path: string): Promise<void> {
    const { copyToSqlite } = await import('./copy.ts');
    await this.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => copyToSqlite(trx, path));
  }

  failureOf(error: unknown): Failure {
    if (error instanceof SupersededError) return 'superseded';
    if (error instanceof CommitUnknownError) return 'unknown';
    const state = sqlState(error);
    if (state === '53100') return 'full';
    // Classes of data, of constraints and of syntax: https://www.postgresql.org/docs/15/errcodes-appendix.html
    if (state !== null) return /^(21|22|23|42)/.test(state) ? 'rule' : 'unwritten';
    return isOfConnection(error) ? 'unwritten' : 'rule';
  }

  /** The server does not answer: what waits for it fails at once, rather than when its time is up. */
  breakOff(): void {
    this.#connections.breakOff();
  }

  async close(): Promise<void> {
    this.#epoch = null;
    await this.db.destroy();
  }
}

async function notify(trx: Transaction<Database>): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, '')`.execute(trx);
}

/** The five characters that the server tells an error by; null when it is not the server's. */
export function sqlState(error: unknown): string | null {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : null;
}

function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || /connection|connect|terminated|not queryable|read timeout/i.test(error.message);
}
