import type { ClientBase, Pool, PoolClient } from 'pg';
import { makeDurable, numbersBeside } from './dialect.ts';
import type { PostgresSettings } from './settings.ts';

/** Connections: one writes, the others read. The session of the leader is another one; see session.ts. */
const CONNECTIONS = 6;
/** Milliseconds for a connection, and for one statement: the server ends it, or else the answer is waited for no longer. */
const CONNECT = 5_000;
const STATEMENT = 60_000;
const ANSWER = STATEMENT + 5_000;
/** Milliseconds: a transaction whose next statement takes longer to come is rolled back, and gives its locks back. */
const IDLE_IN_TRANSACTION = 10_000;
/** Seconds: the server notices that a host is gone after IDLE + TRIES × INTERVAL, and gives its locks back. */
const IDLE = 5;
const INTERVAL = 2;
const TRIES = 3;

/** What every connection has; the driver's defaults wait for ever, and so do the server's. */
export function connectionOf({ host, port, database, user, password, tls }: PostgresSettings) {
  return {
    host,
    port,
    database,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ssl: tls,
    keepAlive: true,
    keepAliveInitialDelayMillis: IDLE * 1_000,
    application_name: 'evenkeel',
    statement_timeout: STATEMENT,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
  };
}

/** Makes the server notice soon that this host is gone, also while it sends. No statement may have failed before. */
export async function noticeLoss(client: ClientBase): Promise<void> {
  await client.query(
    `select set_config('tcp_keepalives_idle', '${IDLE}', false),
      set_config('tcp_keepalives_interval', '${INTERVAL}', false),
      set_config('tcp_keepalives_count', '${TRIES}', false),
      set_config('tcp_user_timeout', '${(IDLE + TRIES * INTERVAL) * 1_000}', false)`,
  );
}

/** The connections that statements are sent over. */
export class Connections {
  readonly pool: Pool;
  /** Those that are open. */
  readonly #clients = new Set<PoolClient>();

  /** Loads the driver; connects with the first statement. */
  static async open(settings: PostgresSettings): Promise<Connections> {
    const { default: pg } = await import('pg');
    return new Connections((onConnect) => {
      return new pg.Pool({
        ...connectionOf(settings),
        types: numbersBeside(pg.types),
        max: CONNECTIONS,
        connectionTimeoutMillis: CONNECT,
        query_timeout: ANSWER,
        onConnect,
      });
    });
  }

  private constructor(poolOf: (onConnect: (client: ClientBase) => Promise<void>) => Pool) {
    this.pool = poolOf(async (client) => {
      const connected = client as PoolClient;
      this.#clients.add(connected);
      connected.once('end', () => this.#clients.delete(connected));
      // One that breaks while it is used fails the statement, too: that is who hears of it.
      connected.on('error', () => {});
      await noticeLoss(connected);
      await makeDurable(connected);
    });
    // A connection that breaks while nobody uses it: the next statement opens another one.
    this.pool.on('error', () => {});
  }

  /** Breaks all of them: what waits for an answer fails at once. The next statement opens another one. */
  breakOff(): void {
    for (const client of this.#clients) client.connection.stream.destroy();
  }
}
