import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** What services have of settings that did not exist when they were written. */
const SERVICE = {
  hash: { key: 'uri', name: '', loadFactor: 0 },
  targetLimits: { maxConnections: 10_000, maxRequests: 10_000, queueSize: 128, queueTimeout: 5 },
  zone: { preference: 'none', threshold: 70 },
  rebalance: { enabled: false, rate: 10, minimumAge: 60 },
};

/** How services spread their clients: keys, limits of targets, zones, re-balancing. */
export const balancing: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'backend_service', (settings) => ({ ...SERVICE, ...settings }));
  },
};
