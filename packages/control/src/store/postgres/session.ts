import type { Client } from 'pg';
import { connectionOf, noticeLoss } from './connections.ts';
import { CHANNEL } from './postgres-database.ts';
import type { PostgresSettings } from './settings.ts';

/** Of the advisory lock: the leader has it. */
const LOCK = 0x45_76_6b_6c;
/** Milliseconds for the connection, and for each answer: a session that takes longer counts as lost. */
const PATIENCE = 5_000;

/**
 * A connection for the lock of the leader alone, and to hear of changes: the lock is held as long as the connection
 * lasts, and no longer.
 */
export class LeaderSession {
  readonly #client: Client;
  /** Resolves when the connection is gone, and the lock with it, if it was held. */
  readonly lost: Promise<void>;

  /** `changed` is told whenever a transaction was committed, or another leader began. Rejects with the driver's error. */
  static async open(settings: PostgresSettings, changed: () => void): Promise<LeaderSession> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      ...connectionOf(settings),
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
      application_name: 'evenkeel leader',
    });
    const session = new LeaderSession(client);
    client.on('notification', changed);
    try {
      await client.connect();
      await noticeLoss(client);
      await client.query(`listen ${CHANNEL}`);
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  private constructor(client: Client) {
    this.#client = client;
    this.lost = new Promise((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
  }

  /** True when the lock is held: until the connection is lost. */
  async tryLock(): Promise<boolean> {
    const { rows } = await this.#client.query<{ held: boolean }>(`select pg_try_advisory_lock(${LOCK}) as held`);
    return rows[0]!.held;
  }

  /** Rejects when the server does not answer. */
  async check(): Promise<void> {
    await this.#client.query('select 1');
  }

  /** Gives the lock back and wakes those who want it. Rejects when the server does not answer. */
  async release(): Promise<void> {
    await this.#client.query(`select pg_advisory_unlock_all(), pg_notify('${CHANNEL}', '')`);
  }

  async close(): Promise<void> {
    // One that hangs is not waited for.
    await Promise.race([
      this.#client.end().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, 1_000).unref()),
    ]);
  }
}
