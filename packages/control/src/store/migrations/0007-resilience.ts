import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** What services have of settings that did not exist when they were written: what new services have. */
const SERVICE = {
  outlierDetection: {
    enabled: true,
    consecutiveErrors: 5,
    consecutiveConnectFailures: 3,
    successRateMargin: 0,
    latencyFactor: 0,
    minimumRequests: 50,
    interval: 10,
    baseEjection: 10,
    maxEjection: 300,
    maxEjectedShare: 50,
  },
  slowStart: { duration: 0 },
  failOpen: { threshold: 0 },
  retry: {
    conditions: ['connect-failure', 'no-response'],
    statuses: [],
    methods: 'idempotent',
    attempts: 3,
    tryTimeoutMs: 0,
    budget: 20,
    budgetMinimum: 3,
  },
};

/** What services do about targets that fail: outlier detection, slow start, fail-open, retries. */
export const resilience: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'backend_service', (settings) => ({ ...SERVICE, ...settings }));
  },
};
