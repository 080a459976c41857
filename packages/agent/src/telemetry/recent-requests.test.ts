import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentRequests } from './recent-requests.ts';

const line = (id: number, status: number, reason = 'none'): string =>
  `{"time":"2026-11-21T10:00:00.${String(id % 1000).padStart(3, '0')}Z","status":${status},"request_id":"r${id}","reason":"${reason}"}\n`;

test('failures outlive what went well, wherever they stand among it', () => {
  const recent = new RecentRequests(7_000, 4_000);
  const failures = new Map([
    [0, line(0, 502, 'target-connect')],
    [7, line(7, 200, 'client-response-body')],
    [8, line(8, 500)],
    [39, line(39, 504, 'target-response-head')],
  ]);
  const lines = Array.from({ length: 40 }, (_, id) => failures.get(id) ?? line(id, 200)).join('');
  recent.add(Buffer.from(lines), true);
  recent.add(Buffer.from(Array.from({ length: 60 }, (_, id) => line(100 + id, 204)).join('')), false);
  for (const id of failures.keys()) assert.equal(recent.find(`r${id}`).lines.length, 1, `r${id}`);
  assert.equal(recent.find('r20').lines.length, 0);
  assert.equal(recent.find('r159').lines.length, 1);
});

test('a long piece of the log costs about as much as its length, not its square', () => {
  const recent = new RecentRequests();
  const lines = Buffer.from(line(1, 200).repeat(20_000));
  const started = process.threadCpuUsage();
  recent.add(lines, true);
  // 2 MB; looking for a status behind every line would be 20 GB.
  const { user } = process.threadCpuUsage(started);
  assert.ok(user < 1_000_000, `${user} µs`);
});

test('the newest come first, of one listener or of all, and no more than asked for', () => {
  const recent = new RecentRequests(8_000, 8_000);
  const of = (id: number, listener: string, status: number): string =>
    `{"time":"2026-11-21T10:00:${String(id).padStart(2, '0')}.000Z","listener":"${listener}","status":${status},` +
    `"uri":"/\\u0022listener\\u0022:\\u0022lsn-b\\u0022","request_id":"r${id}","reason":"none"}\n`;
  const lines = Array.from({ length: 30 }, (_, id) =>
    of(id, id % 3 === 0 ? 'lsn-b' : 'lsn-a', id % 2 === 0 ? 502 : 200),
  );
  recent.add(Buffer.from(lines.join('')), true);
  const idsOf = (outcome: 'failed' | 'all', listenerId: string | null, limit: number): unknown[] =>
    recent.newest({ outcome, listenerId, limit }).lines.map((one) => one['request_id']);
  assert.deepEqual(idsOf('all', null, 3), ['r29', 'r28', 'r27']);
  assert.deepEqual(idsOf('failed', null, 3), ['r28', 'r26', 'r24']);
  assert.deepEqual(idsOf('failed', 'lsn-b', 100), ['r24', 'r18', 'r12', 'r6', 'r0']);
  assert.deepEqual(idsOf('all', 'lsn-c', 100), []);
  assert.equal(recent.newest({ outcome: 'failed', listenerId: null, limit: 1 }).since, Date.UTC(2026, 10, 21, 10));
  assert.deepEqual(new RecentRequests().newest({ outcome: 'all', listenerId: null, limit: 9 }), {
    lines: [],
    since: null,
  });
});

test('requests of some load balancers are found behind any number of others', () => {
  const recent = new RecentRequests();
  const of = (id: number, loadBalancer: string): string =>
    `{"time":"2026-11-21T10:00:00.${String(id).padStart(3, '0')}Z","load_balancer":"${loadBalancer}","status":502,` +
    `"uri":"/\\u0022load_balancer\\u0022:\\u0022lb-quiet\\u0022","request_id":"r${id}","reason":"none"}\n`;
  recent.add(
    Buffer.from([of(0, 'lb-quiet'), ...Array.from({ length: 500 }, (_, i) => of(i + 1, 'lb-loud'))].join('')),
    true,
  );
  const idsOf = (ids: readonly string[], shown: boolean): unknown[] =>
    recent
      .newest({ outcome: 'failed', listenerId: null, limit: 2, loadBalancers: { ids, shown } })
      .lines.map((one) => one['request_id']);
  assert.deepEqual(idsOf(['lb-quiet'], true), ['r0']);
  assert.deepEqual(idsOf(['lb-loud'], false), ['r0']);
  assert.deepEqual(idsOf(['lb-quiet'], false), ['r500', 'r499']);
  assert.deepEqual(idsOf([], true), []);
});
