import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';

/** The bandwidth of elastic IPs: those that are there have no limit. */
export const elasticIpBandwidth: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'elastic_ip', (settings) => ({ bandwidth: null, ...settings }));
  },
};
