import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** What objects have of settings that did not exist when they were written. */
const LISTENER = {
  defaultCertificateIds: [],
  certificates: [],
  securityPolicyId: 'tls-1-2-2025',
  sessionTickets: true,
  clientCertificates: { mode: 'off', authorityId: null, depth: 1 },
  hsts: { enabled: false, maxAge: 31_536_000, includeSubDomains: false },
  serverNames: [],
};
const SERVICE = { tls: { enabled: false, verify: true, authorityId: null, serverName: '' } };

/** Certificates, authorities, security policies, ticket keys. Secrets are sealed; see secrets/vault.ts. */
export const tls: Migration = {
  async up(db: Kysely<unknown>) {
    const resource = (name: string) =>
      db.schema.createTable(name).$call(RESOURCE_COLUMNS).addUniqueConstraint(`${name}_name`, ['name']);
    await resource('certificate')
      .addColumn('private_key', 'text', (column) => column.notNull())
      .execute();
    await resource('authority').execute();
    await resource('security_policy').execute();
    await db.schema
      .createTable('ticket_keys')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('keys', 'text', (column) => column.notNull())
      .addColumn('rotated_at', 'bigint', (column) => column.notNull())
      .execute();
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
    await changeSettings(db, 'backend_service', (settings) => ({ ...SERVICE, ...settings }));
  },
};
