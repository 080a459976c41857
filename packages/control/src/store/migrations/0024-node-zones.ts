import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Nodes stay in the zone that they have joined in. Those that could name any so far stay in the one they named last. */
export const nodeZones: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`update node_identity set zone = coalesce((select n.zone from node n where n.id = node_identity.node), '')
      where zone = ''`.execute(db);
  },
};
