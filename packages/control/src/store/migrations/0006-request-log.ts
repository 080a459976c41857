import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** What listeners have of settings that did not exist when they were written. */
const LISTENER = { accessLogFormat: null, requestId: 'errors' };

/** The form of the access log, and who is told the identifiers of requests. */
export const requestLog: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
  },
};
