import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** The subnet of all load balancers from before there were others. */
const DEFAULT_SUBNET = 'sub-000000000000000000';

/** VPCs and subnets. Load balancers are in the default one, which is not stored. */
export const networks: Migration = {
  async up(db: Kysely<unknown>) {
    await ownedTable(db, 'vpc').addUniqueConstraint('vpc_name', ['tenant_id', 'name']).execute();
    await ownedTable(db, 'subnet')
      .addColumn('vpc_id', 'text', (column) =>
        column.notNull().references('vpc.id').modifyEnd(sql`deferrable initially deferred`),
      )
      .addUniqueConstraint('subnet_name', ['tenant_id', 'name'])
      .execute();
    // A deletion looks for what refers to the row.
    await db.schema.createIndex('subnet_vpc_id').on('subnet').column('vpc_id').execute();
    await changeSettings(db, 'load_balancer', (settings) => ({ subnetId: DEFAULT_SUBNET, ...settings }));
  },
};

function ownedTable(db: Kysely<unknown>, name: string) {
  return db.schema
    .createTable(name)
    .$call(RESOURCE_COLUMNS)
    .addColumn('tenant_id', 'text', (column) =>
      column.notNull().references('tenant.id').modifyEnd(sql`deferrable initially deferred`),
    );
}
