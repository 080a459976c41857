import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A column for the secrets of rules, sealed. Those that are among the settings are sealed when the state is read. */
export const ruleSecrets: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('rule').addColumn('jwt_secrets', 'text').execute();
  },
};
