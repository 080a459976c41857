import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** Security groups; and who may connect to listeners: everybody, as before. */
export const securityGroups: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('security_group')
      .$call(RESOURCE_COLUMNS)
      .addColumn('tenant_id', 'text', (column) =>
        column.notNull().references('tenant.id').modifyEnd(sql`deferrable initially deferred`),
      )
      .addUniqueConstraint('security_group_name', ['tenant_id', 'name'])
      .execute();
    await changeSettings(db, 'load_balancer', (settings) => ({ securityGroupIds: [], ...settings }));
    await changeSettings(db, 'listener', (settings) => ({ allowedSources: [], ...settings }));
  },
};
