import type { Kysely } from 'kysely';
import type { ControlPlaneRow, Database } from '../store/schema.ts';

/**
 * Rows of control planes that share a database. Each writes its own, also while it follows: a row belongs to nobody else
 * and to no generation of the configuration, so no term guards it.
 */
export class PlanesTable {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  read(): Promise<ControlPlaneRow[]> {
    return this.#db.selectFrom('control_plane').selectAll().execute();
  }

  async write(row: ControlPlaneRow): Promise<void> {
    await this.#db
      .insertInto('control_plane')
      .values(row)
      .onConflict((conflict) => conflict.columns(['address', 'fingerprint']).doUpdateSet(row))
      .execute();
  }

  /** Those of the same address that have another certificate. */
  async removeOthersAt({ address, fingerprint }: Pick<ControlPlaneRow, 'address' | 'fingerprint'>): Promise<void> {
    await this.#db
      .deleteFrom('control_plane')
      .where('address', '=', address)
      .where('fingerprint', '<>', fingerprint)
      .execute();
  }

  /** Those that were last seen before a time, in Unix milliseconds. */
  async removeBefore(time: number): Promise<void> {
    await this.#db.deleteFrom('control_plane').where('seen_at', '<', time).execute();
  }
}
