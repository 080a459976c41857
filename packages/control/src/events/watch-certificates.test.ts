import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { STORES } from '../../test/stores.ts';
import type { RecordOf } from '../state/records.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { saveNotices } from './certificate-notices.ts';
import { type NewEvent, toEventRow } from './event.ts';
import { CertificateWatch } from './watch-certificates.ts';

const DAY = 86_400_000;
const END = Date.parse('2030-01-01T00:00:00Z');

for (const kind of STORES) {
  test(`${kind.name}: each notice before the end of a certificate comes once, also after a start`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    const stamps = { generation: 1, created_at: 0, updated_at: 0 };
    const row = { id: 'crt-1', name: 'www', settings: '{}', tenant_id: DEFAULT_TENANT.id, private_key: '', ...stamps };
    await store.record(async (trx) => {
      await trx.insertInto('certificate').values(row).execute();
    });
    let now = END - 40 * DAY;
    let notAfter = new Date(END).toISOString();
    const state = (): State => ({
      ...EMPTY_STATE,
      certificates: new Map([
        ['crt-1', { id: 'crt-1', name: 'www', tenantId: 'tnt-1', notAfter } as RecordOf['certificate']],
      ]),
    });
    const told: NewEvent[] = [];
    const source = {
      read: store.read.bind(store),
      get state() {
        return state();
      },
    };
    const start = () =>
      new CertificateWatch(
        source,
        [1, 30, 7, 14],
        () => now,
        (event) => told.push(event),
      );
    let watch = start();
    /** What is told at that many days before the end; it is on the disk then. */
    const at = async (days: number) => {
      now = END - days * DAY;
      await watch.look();
      const events = told.splice(0);
      await store.record((trx) =>
        saveNotices(
          trx,
          events.map((event, i) => ({ ...toEventRow(event, `evt-${now}-${i}`, now), place: 0 })),
        ),
      );
      return events.map(({ kind: what, data }) => [what.slice(12), data!['days']]);
    };
    assert.deepEqual(await at(31), []);
    assert.deepEqual(await at(30), [['expiring', 30]]);
    assert.deepEqual(await at(20), []);
    watch = start();
    assert.deepEqual(await at(20), [], 'nor after a start');
    assert.deepEqual(await at(13), [['expiring', 14]]);
    assert.deepEqual(await at(0.5), [['expiring', 1]], 'those that were missed are not made up for');
    assert.deepEqual(await at(0), [['expired', 0]]);
    assert.deepEqual(await at(-50), []);
    notAfter = new Date(END + 5 * DAY).toISOString();
    assert.deepEqual(await at(0), [['expiring', 7]], 'another certificate has its own');
  });
}
