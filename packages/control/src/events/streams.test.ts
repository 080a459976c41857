import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import type { Caller } from '../access/identity.ts';
import { migrateSqlite } from '../store/migrate.ts';
import type { Database, EventRow } from '../store/schema.ts';
import { SqliteFile } from '../store/sqlite.ts';
import { appendEvents } from './rows.ts';
import { EventStreams } from './streams.ts';

const WATCHDOG = { timeout: 60_000 };

const event = (number: number, severity: string): Omit<EventRow, 'place'> => ({
  id: `evt-${String(number).padStart(18, '0')}`,
  tenant_id: 'a',
  at: number,
  kind: 'listener-failed',
  severity,
  subject_kind: 'listener',
  subject_id: 'lis-1',
  load_balancer_id: null,
  body: JSON.stringify({ message: '', data: {}, name: '' }),
});

test('a stream that leaves events out does not read them again with the next one', WATCHDOG, async (t) => {
  const read: string[] = [];
  const file = new SqliteFile(join(temporaryHome(t), 'evenkeel.db'));
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: file }),
    log: ({ query: { sql, parameters } }) => {
      const after = parameters.find((value) => String(value).startsWith('evt-'));
      if (sql.includes('"severity" in') && after !== undefined) read.push(String(after));
    },
  });
  t.after(() => file.close());
  await migrateSqlite(db);
  const closing = new AbortController();
  t.after(() => closing.abort());
  const streams = new EventStreams({ store: { read: (work) => work(db) }, closing: closing.signal });
  const write = async (...events: Omit<EventRow, 'place'>[]) => {
    streams.written(await db.transaction().execute((trx) => appendEvents(trx, events)));
  };
  const first = event(1, 'critical');
  await write(first, ...Array.from({ length: 50 }, (_, i) => event(2 + i, 'info')));
  const texts = streams.follow({
    caller: { actingIn: 'a', reach: 'own' } as Caller,
    stillMay: () => true,
    filters: { severity: 'critical' },
    after: first.id,
    signal: new AbortController().signal,
  });
  assert.match((await texts.next()).value, /^retry/);
  const next = texts.next();
  for (const number of [60, 61, 62]) {
    const before = read.length;
    await write(event(number, 'info'));
    while (read.length === before) await setImmediate();
  }
  await write(event(63, 'critical'));
  assert.match((await next).value, new RegExp(`^id: ${event(63, '').id}\n`));
  const end = texts.next();
  closing.abort();
  assert.match((await end).value, /shutting-down/);
  assert.equal(read.filter((after) => after === first.id).length, 1, 'what was left out is looked at once');
});
