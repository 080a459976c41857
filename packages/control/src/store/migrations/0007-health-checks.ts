import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';

/** What health checks have of settings that did not exist when they were written. */
const CHECK = {
  send: '',
  expect: '',
  payloadFormat: 'text',
  grpcService: '',
  checksPerConnection: 1,
  tlsVerify: 'auto',
  serverName: '',
};

/** Checks by TLS, HTTPS, gRPC and UDP, and what they send and expect. */
export const healthChecks: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'backend_service', (settings) => {
      const { healthCheck } = settings as { healthCheck?: object };
      return { ...settings, healthCheck: { ...CHECK, ...healthCheck } };
    });
  },
};
