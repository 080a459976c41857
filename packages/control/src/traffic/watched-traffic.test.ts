import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadBalancerVolume } from '@evenkeel/model/plan/query.ts';
import { GAP, WatchedTraffic } from './watched-traffic.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const ALL = new Set(['lb-1', 'lb-2']);

const volume = (loadBalancerId: string, bytesSent: number, connections = 1): LoadBalancerVolume => ({
  ...{ loadBalancerId, connections, bytesReceived: 0, bytesSent },
});

/** Rounds a minute apart; each has what nodes say, by name. */
function watching(kept: string | null = null, start = START) {
  const watched = new WatchedTraffic(5 * MINUTE);
  watched.begin(kept, start);
  let now = start;
  const round = (
    said: Readonly<Record<string, readonly LoadBalancerVolume[]>>,
    nodes = ['n-1', 'n-2'],
    firstSeenAt = 0,
  ) => {
    now += MINUTE;
    for (const [id, volumes] of Object.entries(said)) watched.take({ id, firstSeenAt }, volumes, now);
    watched.endRound(ALL, new Set(nodes), now);
  };
  return { watched, round, now: () => now, quiet: (nodes = ['n-1', 'n-2']) => watched.quietSince('lb-1', nodes, now) };
}

test('traffic is what differs between two looks at a node, and not what it had counted before', () => {
  const { round, quiet, now } = watching();
  round({ 'n-1': [volume('lb-1', 7_000)], 'n-2': [] });
  const first = now();
  assert.equal(quiet(), first, 'nobody has looked before');
  round({ 'n-1': [volume('lb-1', 7_000)], 'n-2': [] });
  assert.equal(quiet(), first);
  round({ 'n-1': [volume('lb-1', 7_000)], 'n-2': [volume('lb-1', 1)] });
  assert.equal(quiet(), now(), 'the other node has it');
  const last = now();
  round({ 'n-1': [volume('lb-1', 7_000)], 'n-2': [volume('lb-1', 1)] });
  assert.equal(quiet(), last);
  round({ 'n-1': [volume('lb-1', 7_000, 2)], 'n-2': [volume('lb-1', 1)] });
  assert.equal(quiet(), now(), 'a connection is traffic, without a byte');
});

test('nothing is known of the traffic while a node that has the load balancer does not say anything', () => {
  const { round, quiet, now } = watching();
  round({ 'n-1': [], 'n-2': [] });
  const first = now();
  for (let i = 0; i < 9; i++) round({ 'n-1': [] });
  assert.equal(quiet(), first);
  round({ 'n-1': [] });
  assert.equal(quiet(), null);
  assert.equal(quiet(['n-1']), first);
  assert.equal(quiet([]), null, 'no node has it');
  for (let i = 0; i < 60; i++) round({ 'n-1': [] }, ['n-1']);
  round({ 'n-1': [], 'n-2': [volume('lb-1', 1)] });
  assert.equal(quiet(), now(), 'it was out of sight for so long that all it has counted may be new');
});

test('what is kept counts after a start, but not when nobody has looked for long', () => {
  const { watched, round, quiet, now } = watching();
  round({ 'n-1': [], 'n-2': [] });
  const first = quiet();
  const kept = watched.kept(now());
  const soon = watching(kept, now() + GAP - MINUTE);
  soon.round({ 'n-1': [volume('lb-1', 9)], 'n-2': [] });
  assert.equal(soon.quiet(), first);
  const late = watching(kept, now() + GAP + 1);
  late.round({ 'n-1': [volume('lb-1', 9)], 'n-2': [] });
  assert.equal(late.quiet(), late.now());
});

test('a node that was out of sight for long may have carried anything until then, also when it has counted nothing', () => {
  const before = watching();
  before.round({ 'n-1': [], 'n-2': [] });
  const first = before.now();
  for (let at = 0; at <= GAP; at += MINUTE) before.round({ 'n-1': [] });
  const kept = before.watched.kept(before.now());
  before.round({ 'n-1': [], 'n-2': [] });
  assert.equal(before.quiet(), before.now(), 'it has started anew, and what it carried before is gone');
  assert.equal(before.quiet(['n-1']), first, 'what it does not have is not its business');
  const again = before.now();
  before.round({ 'n-1': [], 'n-2': [] });
  assert.equal(before.quiet(), again);

  const after = watching(kept, before.now());
  after.round({ 'n-1': [], 'n-2': [] });
  assert.equal(after.quiet(['n-1']), first);
  assert.equal(after.quiet(), after.now(), 'a start of the control plane meanwhile changes nothing');
  const last = watching(after.watched.kept(after.now()), after.now());
  last.round({ 'n-1': [], 'n-2': [] });
  assert.equal(last.quiet(), after.now());
});

test('a node that is asked soon after it came for the first time has nothing behind it', () => {
  const { round, quiet, now } = watching();
  round({ 'n-1': [] });
  const first = now();
  round({ 'n-1': [], 'n-2': [] }, ['n-1', 'n-2'], now());
  assert.equal(quiet(), first);
});

test('what older versions have kept says nothing of nodes', () => {
  const { round, quiet, now } = watching(JSON.stringify({ until: START, quietSince: [['lb-1', 1]] }));
  round({ 'n-1': [], 'n-2': [] });
  assert.equal(quiet(), now());
});

test('the peak is of the busiest look within the window, of all nodes together', () => {
  const { watched, round, now } = watching();
  const megabytes = (count: number) => [volume('lb-1', count * 1_000_000)];
  round({ 'n-1': megabytes(500), 'n-2': [] });
  assert.equal(watched.peakOf('lb-1', now()), 0, 'nobody knows when that was');
  round({ 'n-1': megabytes(560), 'n-2': megabytes(15) });
  assert.equal(Math.round(watched.peakOf('lb-1', now())), 10_000_000);
  round({ 'n-1': megabytes(1), 'n-2': megabytes(15) });
  assert.equal(Math.round(watched.peakOf('lb-1', now())), 10_000_000, 'a node that has started anew adds nothing');
  for (let i = 0; i < 4; i++) round({ 'n-1': megabytes(1), 'n-2': megabytes(15) });
  assert.equal(watched.peakOf('lb-1', now()), 0, 'that was five minutes ago');
});

test('nothing is kept of load balancers and nodes that are gone', () => {
  const { watched, round, now } = watching();
  round({ 'n-1': [], 'n-2': [] });
  round({ 'n-1': [volume('lb-1', 1_000_000)] });
  watched.endRound(new Set(['lb-2']), new Set(['n-2']), now());
  assert.equal(watched.peakOf('lb-1', now()), 0);
  assert.equal(watched.quietSince('lb-2', ['n-1'], now()), null);
  assert.deepEqual(
    (JSON.parse(watched.kept(now())) as { quietSince: [string, number][] }).quietSince.map(([id]) => id),
    ['lb-2'],
  );
});
