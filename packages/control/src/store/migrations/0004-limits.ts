import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** What objects have of settings that did not exist when they were written: what was let through is let through. */
const LISTENER = {
  bodyTimeout: 60,
  sendTimeout: 60,
  keepAliveTimeout: 75,
  limits: {
    connections: null,
    connectionsPerSecond: null,
    requestsPerSecond: null,
    requestsPerConnection: null,
    bodySize: null,
    headerSize: 16_384,
    headerCount: 128,
    targetLength: 8_192,
    minimumRate: 240,
  },
};
const SERVICE = { sendTimeout: 60 };

/** Limits of listeners, and the timeouts that were missing. */
export const limits: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
    await changeSettings(db, 'backend_service', (settings) => ({ ...SERVICE, ...settings }));
  },
};
