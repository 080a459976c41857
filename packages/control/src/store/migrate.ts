import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial.ts';
import { application } from './migrations/0002-application.ts';
import { tls } from './migrations/0003-tls.ts';
import { limits } from './migrations/0004-limits.ts';
import { balancing } from './migrations/0005-balancing.ts';
import { requestLog } from './migrations/0006-request-log.ts';
import { healthChecks } from './migrations/0007-health-checks.ts';
import { resilience } from './migrations/0007-resilience.ts';
import { ruleSecrets } from './migrations/0008-rule-secrets.ts';
import { network } from './migrations/0009-network.ts';
import { tenants } from './migrations/0010-tenants.ts';
import { securityGroups } from './migrations/0011-security-groups.ts';
import { leadership } from './migrations/0012-leadership.ts';
import { revisions } from './migrations/0012-revisions.ts';
import { access } from './migrations/0013-access.ts';
import { audit } from './migrations/0013-audit.ts';
import { blockLists } from './migrations/0014-block-lists.ts';
import { changeSets } from './migrations/0014-change-sets.ts';
import { events } from './migrations/0015-events.ts';
import { targetFailure } from './migrations/0015-target-failure.ts';
import { webhooks } from './migrations/0016-webhooks.ts';
import { changeSetSummary } from './migrations/0017-change-set-summary.ts';
import { sourceLimits } from './migrations/0018-source-limits.ts';
import { networks } from './migrations/0019-networks.ts';
import { zones } from './migrations/0020-zones.ts';
import { elasticIpBandwidth } from './migrations/0021-elastic-ip-bandwidth.ts';
import { cancelledOperations } from './migrations/0021-operations.ts';
import { specifications } from './migrations/0022-specifications.ts';
import { nodes } from './migrations/0023-nodes.ts';
import { nodeZones } from './migrations/0024-node-zones.ts';
import { backupPolicy } from './migrations/0025-backup-policy.ts';
import { signatureBounds } from './migrations/0026-signature-bounds.ts';
import { operationsLeftOut } from './migrations/0027-operations-left-out.ts';
import { watchedTraffic } from './migrations/0028-watched-traffic.ts';
import { controlPlanes } from './migrations/0029-control-planes.ts';
import { responseSettings } from './migrations/0030-response-settings.ts';
import { revokedIdentities } from './migrations/0031-revoked-identities.ts';
import { sourceNat } from './migrations/0032-source-nat.ts';
import { levelColumns } from './postgres/dialect.ts';
import type { Database } from './schema.ts';

/**
 * In order of their names, which every home remembers: a migration that was released is never changed, nor renamed (two
 * have the number 7); a new one follows it.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-application': application,
  '0003-tls': tls,
  '0004-limits': limits,
  '0005-balancing': balancing,
  '0006-request-log': requestLog,
  '0007-health-checks': healthChecks,
  '0007-resilience': resilience,
  '0008-rule-secrets': ruleSecrets,
  '0009-network': network,
  '0010-tenants': tenants,
  '0011-security-groups': securityGroups,
  '0012-leadership': leadership,
  '0012-revisions': revisions,
  '0013-access': access,
  '0013-audit': audit,
  '0014-block-lists': blockLists,
  '0014-change-sets': changeSets,
  '0015-events': events,
  '0015-target-failure': targetFailure,
  '0016-webhooks': webhooks,
  '0017-change-set-summary': changeSetSummary,
  '0018-source-limits': sourceLimits,
  '0019-networks': networks,
  '0020-zones': zones,
  '0021-elastic-ip-bandwidth': elasticIpBandwidth,
  '0021-operations': cancelledOperations,
  '0022-specifications': specifications,
  '0023-nodes': nodes,
  '0024-node-zones': nodeZones,
  '0025-backup-policy': backupPolicy,
  '0026-signature-bounds': signatureBounds,
  '0027-operations-left-out': operationsLeftOut,
  '0028-watched-traffic': watchedTraffic,
  '0029-control-planes': controlPlanes,
  '0030-response-settings': responseSettings,
  '0031-revoked-identities': revokedIdentities,
  '0032-source-nat': sourceNat,
};

/**
 * Brings the tables up to date: all of it or, when something fails, nothing. Rejects when they come from a newer version
 * of this software. A migration may make a table anew that others refer to: references are not followed meanwhile, and
 * all checked then.
 */
export async function migrateSqlite(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  // Within a transaction, SQLite takes no notice of it.
  await sql`pragma foreign_keys = off`.execute(db);
  // By hand: the migrator has no transactions for SQLite, where changes of tables are part of them like all others.
  await sql`begin immediate`.execute(db);
  try {
    if ((await carryOut(db, migrations)) > 0) await checkReferences(db);
    await sql`commit`.execute(db);
  } catch (error) {
    // SQLite may have rolled it back by itself, as it does on a full disk.
    await sql`rollback`.execute(db).catch(() => {});
    throw error;
  }
  await sql`pragma foreign_keys = on`.execute(db);
}

/** The same for PostgreSQL, which checks references by itself. The migrator has a transaction of its own. */
export async function migratePostgres(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  const levelled = Object.entries(migrations).map(([name, { up }]) => {
    const migration: Migration = {
      async up(trx) {
        await up(trx);
        await levelColumns(trx);
      },
    };
    return [name, migration] as const;
  });
  await carryOut(db, Object.fromEntries(levelled));
}

/** How many migrations there were to carry out. */
async function carryOut(db: Kysely<Database>, migrations: Readonly<Record<string, Migration>>): Promise<number> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.length;
}

/** Whether the tables are those of this version; throws when they come from a newer one. */
export async function isUpToDate(db: Kysely<Database>): Promise<boolean> {
  return (await carriedOut(db)) === Object.keys(MIGRATIONS).length;
}

/** Whether there are tables of an earlier version; throws when they come from a newer one. */
export async function isOutOfDate(db: Kysely<Database>): Promise<boolean> {
  const count = await carriedOut(db);
  return count > 0 && count < Object.keys(MIGRATIONS).length;
}

async function carriedOut(db: Kysely<Database>): Promise<number> {
  const present = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!present.some(({ name }) => name === 'kysely_migration')) return 0;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const unknown = rows.find(({ name }) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown !== undefined) throw new Error(`the migration ${unknown.name} is missing`);
  return rows.length;
}

async function checkReferences(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(db);
  const [broken] = rows;
  if (broken !== undefined) throw new Error(`a row of ${broken.table} refers to a ${broken.parent} that is not there`);
}
