import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import { STORES } from '../../test/stores.ts';
import type { ChangeSetRow } from './schema.ts';
import { countOpen, trimChangeSets } from './trim-change-sets.ts';

const NOW = 1_000_000_000;

function row(id: string, more: Partial<ChangeSetRow>): ChangeSetRow {
  return {
    id,
    tenant_id: DEFAULT_TENANT.id,
    description: '',
    actor: 'admin',
    generation: 1,
    content: '',
    ids: '[]',
    fingerprint: '',
    summary: '{}',
    plan: '{}',
    answer: null,
    created_at: NOW,
    updated_at: NOW,
    expires_at: NOW + 1,
    ...more,
  };
}

for (const kind of STORES) {
  test(`${kind.name}: change sets that are old, or too many, are swept away; those that wait are not`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    const put = (rows: ChangeSetRow[]) =>
      store.record(async (trx) => {
        await trx.insertInto('change_set').values(rows).execute();
      });
    const left = () =>
      store
        .read((db) => db.selectFrom('change_set').select('id').orderBy('id').execute())
        .then((rows) => rows.map(({ id }) => id));
    await put([
      row('waits', {}),
      row('expired', { expires_at: NOW - 1 }),
      row('long-expired', { expires_at: NOW - 101 }),
      row('applied-1', { answer: '{}', updated_at: NOW - 30 }),
      row('applied-2', { answer: '{}', updated_at: NOW - 20 }),
      row('applied-3', { answer: '{}', updated_at: NOW - 10 }),
      row('applied-old', { answer: '{}', updated_at: NOW - 1_001 }),
    ]);
    await store.record((trx) => trimChangeSets(trx, NOW, { expiredMs: 100, appliedMs: 1_000, applied: 2 }));
    assert.deepEqual(await left(), ['applied-2', 'applied-3', 'expired', 'waits']);

    let open = 0;
    const count = () =>
      store.record(async (trx) => {
        open = await countOpen(trx, DEFAULT_TENANT.id, NOW);
      });
    await count();
    assert.equal(open, 2, 'expired ones wait too, as long as there is room');
    await put(Array.from({ length: CHANGE_SET.open - 2 }, (_, i) => row(`more-${i}`, {})));
    await count();
    assert.equal(open, CHANGE_SET.open - 1);
    assert.ok(!(await left()).includes('expired'));
  });
}
