import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What objects have of settings that did not exist when they were written. */
const LISTENER = {
  trustedProxies: [],
  acceptProxyProtocol: false,
  desyncMode: 'defensive',
  upgradeIdleTimeout: 60,
  compression: false,
  errorPages: [],
  forwarding: {
    clientAddress: 'append',
    protocol: false,
    port: false,
    host: false,
    loadBalancerAddress: false,
    clientPort: false,
    standard: false,
  },
};
const SERVICE = { proxyProtocol: 'none', transparent: false, stickinessKey: null };
const stickiness = (id: string) => ({
  type: 'none',
  cookieName: `EVENKEEL-${id.slice(-8).toUpperCase()}`,
  expiry: 0,
  timeout: 300,
});

/** Settings of the application load balancer: stickiness, source address, HTTP, target states. */
export const application: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
    await changeSettings(db, 'backend_service', (settings, id) => ({
      ...SERVICE,
      ...settings,
      stickiness: stickiness(id),
    }));
    await changeSettings(db, 'target', (settings) => ({ state: 'active', ...settings }));
  },
};

async function changeSettings(
  db: Kysely<unknown>,
  table: string,
  change: (settings: Record<string, unknown>, id: string) => object,
): Promise<void> {
  const { rows } = await sql<{ id: string; settings: string }>`select id, settings from ${sql.table(table)}`.execute(
    db,
  );
  for (const { id, settings } of rows) {
    const changed = JSON.stringify(change(JSON.parse(settings) as Record<string, unknown>, id));
    await sql`update ${sql.table(table)} set settings = ${changed} where id = ${id}`.execute(db);
  }
}
