import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';

/** What becomes of connections to a target that is found unhealthy. */
export const targetFailure: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'backend_service', (settings) => ({ onTargetFailure: 'move', ...settings }));
  },
};
