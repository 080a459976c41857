import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

const LOCAL_REGION = 'rgn-000000000000000000';
/** With digits behind it; the first is that of the zone that is always there. */
const ZONE_ID = 'zn-';
const PLACED = { region: 'local', zones: [], nodesPerZone: null };
/** What can be the name of a zone; nodes could say anything. */
const NAME = /^[A-Za-z0-9._-]{1,63}$/;

/**
 * Regions and zones: the region that everything was in, and a zone for each name that nodes and targets have said so far.
 * What was taken out of use, and where load balancers are placed. Load balancers are on all nodes, as they were.
 */
export const zones: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['region', 'zone', 'node_duty']) {
      await db.schema
        .createTable(table)
        .$call(RESOURCE_COLUMNS)
        .addUniqueConstraint(`${table}_name`, ['name'])
        .execute();
    }
    await db.schema
      .createTable('placement')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
    await sql`insert into region (id, name, settings, generation, created_at, updated_at)
      values (${LOCAL_REGION}, 'local', '{"description":"","tags":{}}', 0, 0, 0)`.execute(db);
    const names = new Set(['local', ...(await zonesInUse(db))]);
    for (const [i, name] of [...names].entries()) {
      const id = `${ZONE_ID}${String(i).padStart(18, '0')}`;
      await sql`insert into zone (id, name, settings, generation, created_at, updated_at)
        values (${id}, ${name}, '{"region":"local","description":"","tags":{}}', 0, 0, 0)`.execute(db);
    }
    await changeSettings(db, 'load_balancer', (settings) => ({ ...PLACED, ...settings }));
  },
};

/** In order of their names. */
async function zonesInUse(db: Kysely<unknown>): Promise<string[]> {
  const names = new Set<string>();
  const nodes = await sql<{ zone: string }>`select distinct zone from node`.execute(db);
  for (const { zone } of nodes.rows) names.add(zone);
  for (let last = ''; ; ) {
    const { rows } = await sql<{ id: string; settings: string }>`
      select id, settings from target where id > ${last} order by id limit 1000`.execute(db);
    for (const { settings } of rows) names.add((JSON.parse(settings) as { readonly zone?: string }).zone ?? '');
    if (rows.length === 0) break;
    last = rows.at(-1)!.id;
  }
  return [...names].filter((name) => NAME.test(name)).sort();
}
