import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

/**
 * Why a transaction failed: there is no room; the database did not do it (`unwritten`); nobody knows whether it did, as
 * the connection broke (`unknown`); another control plane leads by now (`superseded`); or a statement broke one of its
 * rules, which is a defect of ours (`rule`).
 */
export type Failure = 'full' | 'unwritten' | 'unknown' | 'superseded' | 'rule';

/** What the store asks of the database that its rows are in. There is one for each kind: SQLite and PostgreSQL. */
export interface StateDatabase {
  readonly db: Kysely<Database>;
  /**
   * Whether all statements go over one connection, so that a read would see what is not committed yet: it has to wait for
   * the transaction under way, and writes for a copy.
   */
  readonly oneConnection: boolean;
  /** Whether the changes of each transaction are told to other control planes, by rows of `change_feed`. */
  readonly followed: boolean;
  /** Carries out `work` in one transaction, which is on the disk when this resolves. */
  transaction(work: (trx: Transaction<Database>) => Promise<void>): Promise<void>;
  /** Writes all rows, as they are at one moment, to a new SQLite file. */
  copyTo(path: string): Promise<void>;
  failureOf(error: unknown): Failure;
  close(): Promise<void>;
}
