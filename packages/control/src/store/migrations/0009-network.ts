import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** Ranges of ports of listeners, and how packets are forwarded to targets. */
export const network: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => ({ lastPort: null, ...settings }));
    await changeSettings(db, 'backend_service', (settings) => ({ forwardingMode: 'nat', ...settings }));
  },
};
