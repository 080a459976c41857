import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { temporaryHome } from '../../test/home.ts';
import { network } from '../resources/addresses.ts';
import { Vault } from '../secrets/vault.ts';
import { Store } from '../store/store.ts';
import { type AuditEntry, authorNamed } from './entry.ts';
import { type AuditKept, trimAudit } from './retention.ts';

const DAY = 86_400_000;

const entry = (tenantId: string, at: number): Omit<AuditEntry, 'id'> => ({
  at,
  tenantId,
  author: authorNamed('ann'),
  action: 'updateListener',
  outcome: 'done',
  code: null,
  detail: '',
  requestId: '',
  operationId: null,
  generation: 1,
  resource: null,
  change: null,
  before: null,
  after: null,
  omitted: 0,
});

test('of each tenant the newest are kept, by number, size and age, and those of others are left alone', async (t) => {
  const home = temporaryHome(t);
  let now = 1_700_000_000_000;
  const store = await Store.open({
    file: join(home, 'evenkeel.db'),
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
    vault: new Vault(join(home, 'key')),
    now: () => now,
    random: Math.random,
    secret: randomBytes,
  });
  t.after(() => store.close());
  const placesOf = async (tenantId: string) => {
    const rows = await store.read((db) =>
      db.selectFrom('audit_entry').select('place').where('tenant_id', '=', tenantId).orderBy('id').execute(),
    );
    return rows.map(({ place }) => place);
  };
  const trim = (kept: Partial<AuditKept>) => {
    const all = { milliseconds: DAY, entries: 10_000, characters: 100_000_000, refusals: 100, ...kept };
    return store.record((trx) => trimAudit(trx, now, ['a'], all));
  };
  // More than one page of what is looked at in one go.
  await store.recordAudit(Array.from({ length: 2_500 }, () => entry('a', now)));
  await store.recordAudit([entry('b', now)]);
  await trim({ entries: 3 });
  assert.deepEqual(await placesOf('a'), [2_498, 2_499, 2_500]);
  assert.deepEqual(await placesOf('b'), [1]);

  const { total, size } = await store.read(async (db) => {
    const rows = await db.selectFrom('audit_entry').select(['total', 'details']).where('tenant_id', '=', 'a').execute();
    return { total: rows.at(-1)!.total, size: rows[0]!.details.length };
  });
  assert.equal(total, 2_500 * size);
  await trim({ characters: 2 * size });
  assert.deepEqual(await placesOf('a'), [2_499, 2_500]);

  // Any number of refusals drives out older refusals alone.
  const refused = Array.from({ length: 300 }, () => ({ ...entry('a', now), outcome: 'refused' as const }));
  await store.recordAudit(refused);
  await trim({ entries: 2 });
  assert.deepEqual(await placesOf('a'), [2_499, ...Array<number>(51).fill(2_500)]);
  await trim({ entries: 2, refusals: 0 });
  assert.deepEqual(await placesOf('a'), [2_499, 2_500]);

  now += DAY + 1;
  await store.recordAudit([entry('a', now)]);
  await trim({});
  assert.deepEqual([await placesOf('a'), await placesOf('b')], [[2_501], []]);
});
