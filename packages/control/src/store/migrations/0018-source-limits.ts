import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';

const NONE = {
  sourceConnectionsPerSecond: null,
  sourceConnectionsBurst: null,
  sourceRequestsPerSecond: null,
  sourceRequestsBurst: null,
  sourcePacketsPerSecond: null,
  sourcePacketsBurst: null,
  synAlarm: null,
  synCalm: null,
};

/** Limits of each source, and alarms for floods. */
export const sourceLimits: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => {
      return { ...settings, limits: { ...NONE, ...(settings['limits'] as object) } };
    });
  },
};
