import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kysely, SqliteDialect } from 'kysely';
import { controlPlanes } from '../store/migrations/0029-control-planes.ts';
import type { Database } from '../store/schema.ts';
import { SqliteFile } from '../store/sqlite.ts';
import { planeKey } from './control-planes.ts';
import { PlanesTable } from './planes-table.ts';

test('of an address the certificates before are removed, and those of other addresses, whichever, are not', async (t) => {
  const file = new SqliteFile(':memory:');
  t.after(() => file.close());
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
  await controlPlanes.up(db);
  const table = new PlanesTable(db);
  const row = (address: string, fingerprint: string) => {
    return { address, fingerprint, next_fingerprint: null, software: '1', seen_at: 1 };
  };
  for (const fingerprint of ['1', '2', '3']) await table.write(row('https://a', fingerprint));
  await table.write(row('https://b', '1'));
  await table.removeOthersAt(row('https://a', '3'));
  assert.deepEqual((await table.read()).map(planeKey).sort(), ['https://a 3', 'https://b 1']);
});
