import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** Specifications that administrators add. Load balancers had no limits of their own. */
export const specifications: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('specification').$call(RESOURCE_COLUMNS).execute();
    await changeSettings(db, 'load_balancer', (settings) => ({ specification: 'unlimited', ...settings }));
  },
};
