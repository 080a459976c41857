import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_LIST } from '@evenkeel/model/limits.ts';
import type { DenyEntryInput } from '@evenkeel/model/resources/deny-list.ts';
import type { ProblemError } from '../problem.ts';
import { BlockLists } from './block-lists.ts';
import { DenyList } from './deny-list.ts';

/** Lists of a control plane whose disk takes everything and keeps nothing. */
function world() {
  const clock = { seconds: 1_000_000 };
  const now = () => clock.seconds * 1_000;
  const failed = (error: unknown) => assert.fail(String(error));
  const lists = new BlockLists({
    store: { read: () => assert.fail(), record: async () => undefined } as never,
    ...{ now, random: () => 0.5, failed },
  });
  const list = new DenyList(lists, now);
  const verdict = (address: string) => {
    const entry = list.lookUp(address);
    return entry && `${entry.action} ${entry.source}`;
  };
  const sizes = () => Object.values(list.size());
  return { clock, lists, list, verdict, sizes };
}

test('who is allowed may, however he is denied, and each entry is over when its time is', async () => {
  const { clock, list, verdict, sizes } = world();
  await list.put([
    { source: '198.51.100.0/24' },
    { source: '198.51.100.7', action: 'allow', seconds: 60 },
    { source: '2001:db8::/32', action: 'allow' },
    { source: '2001:db8::1', action: 'deny' },
  ]);
  assert.deepEqual(sizes(), [2, 2, 2]);
  assert.deepEqual(['198.51.100.8', '198.51.100.7', '198.51.101.1', '2001:db8::1'].map(verdict), [
    'deny 198.51.100.0/24',
    'allow 198.51.100.7/32',
    null,
    'allow 2001:db8::/32',
  ]);
  clock.seconds += 60;
  assert.equal(verdict('198.51.100.7'), 'deny 198.51.100.0/24');
  assert.deepEqual(sizes(), [1, 2, 1]);
});

test('a source is in the list once: what is said of it last counts', async () => {
  const { list, verdict, sizes } = world();
  await list.put([{ source: '192.0.2.1' }, { source: '192.0.2.0/24' }]);
  await list.put([{ source: '192.0.2.1', action: 'allow' }]);
  assert.deepEqual([verdict('192.0.2.1'), sizes()], ['allow 192.0.2.1/32', [1, 1, 1]]);
  await list.put([{ source: '192.0.2.1' }]);
  assert.deepEqual([verdict('192.0.2.1'), sizes()], ['deny 192.0.2.1/32', [1, 1, 0]]);
  assert.equal(await list.remove(['192.0.2.1', '192.0.2.1/32', '192.0.2.9']), 1);
  assert.equal(verdict('192.0.2.1'), 'deny 192.0.2.0/24');
  assert.equal(await list.clear(), 1);
  assert.deepEqual([verdict('192.0.2.1'), sizes()], [null, [0, 0, 0]]);
});

test('networks and addresses have bounds of their own, and tenants theirs beside them', async () => {
  const { lists, list, sizes } = world();
  const networks = (first: number, count: number): DenyEntryInput[] =>
    Array.from({ length: count }, (_, i) => ({ source: `${first}.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2}/31` }));
  await list.put(networks(10, 100_000));
  const refused = (entries: readonly DenyEntryInput[]) =>
    list.put(entries).then(
      () => null,
      (error) => (error as ProblemError).particulars.quota,
    );
  assert.deepEqual(await refused([...networks(12, 1), { source: '192.0.2.1' }]), {
    ...{ name: 'denyListNetworks', limit: 100_000, used: 100_000 },
  });
  assert.deepEqual(sizes(), [0, 100_000, 0], 'all or none');
  await list.put([{ source: '192.0.2.1' }, { ...networks(10, 1)[0]!, action: 'allow' }]);
  assert.deepEqual(sizes(), [1, 100_000, 1]);
  assert.deepEqual(lists.size('tenant'), { entries: 0, used: 0 });
  await lists.keepOnly(new Set());
  assert.equal(await lists.block('tenant', [{ source: '192.0.2.1' }], BLOCK_LIST.entries), 1);
  assert.deepEqual([lists.size('tenant'), sizes()], [{ entries: 1, used: 1 }, [1, 100_000, 1]]);
});

test('everything is sent with those who are allowed first', async () => {
  const { lists, list } = world();
  await lists.block('tenant', [{ source: '192.0.2.1' }], BLOCK_LIST.entries);
  await list.put([{ source: '192.0.2.2' }, { source: '192.0.2.3', action: 'allow' }]);
  assert.deepEqual(
    Array.from(lists.everything(), ({ tenantId }) => tenantId),
    ['*allowed', '*denied', 'tenant'],
  );
});
