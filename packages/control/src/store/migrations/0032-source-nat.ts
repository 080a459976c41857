import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';

/** Whether targets see the node in place of the client, with NAT in the kernel. */
export const sourceNat: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'backend_service', (settings) => ({ sourceNat: false, ...settings }));
  },
};
