import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowState } from '@evenkeel/flow/datapath/flow-record.ts';
import type { FlowSample } from '@evenkeel/flow/datapath/sampled-flow.ts';
import { pino } from 'pino';
import { FlowWatch } from './flow-watch.ts';

const LISTENER = 5;
const IDLE = 300;

/** A sample in memory, and a clock that stands still. */
function world() {
  const flows = new Map<string, FlowSample>();
  const shares = new Map<number, number>();
  const traffic = { packets: 0n, flows: 0n };
  const listeners = new Map([[LISTENER, { idleSeconds: IDLE }]]);
  let now = 10_000;
  const watch = new FlowWatch({
    sight: {
      *samples() {
        yield [...flows.values()];
      },
      forgetSample: (key) => void flows.delete(key.toString()),
      sampling: (number) => shares.get(number) ?? 0,
      setSampling: (number, oneIn) => void shares.set(number, oneIn),
    },
    traffic: () => ({ ...traffic }),
    listeners: () => listeners,
    log: pino({ level: 'silent' }),
    now: () => now,
  });
  return {
    watch,
    flows,
    shares,
    traffic,
    listeners,
    pass: (seconds: number) => {
      now += seconds;
    },
    add(name: string, hash: number, state: FlowState = 'established', idle = 0, target = 7, listener = LISTENER) {
      const times = { seen: now - idle, since: now - idle };
      flows.set(name, { key: Buffer.from(name), listener, target, hash, state, ...times, packets: 1, bytes: 60 });
    },
  };
}

test('a listener begins with all of its flows in the sample, or with the share that it had before', (t) => {
  const { watch, shares } = world();
  t.after(() => watch.stop());
  shares.set(6, 64);
  watch.begin(LISTENER);
  watch.begin(6);
  assert.deepEqual([watch.oneIn(LISTENER), watch.oneIn(6), watch.oneIn(9)], [1, 64, 0]);
  assert.deepEqual([shares.get(LISTENER), shares.get(6)], [1, 64]);
  watch.end(6);
  assert.deepEqual([watch.oneIn(6), shares.get(6)], [0, 0]);
});

test('flows that are alive are counted, by listener and by target; what is over is struck out', async (t) => {
  const { watch, flows, add } = world();
  t.after(() => watch.stop());
  watch.begin(LISTENER);
  add('alive', 1, 'established', IDLE);
  add('to another', 2, 'established', 0, 8);
  add('opening', 3, 'opening', 60);
  add('closing', 4, 'closing', 10);
  add('silent', 5, 'established', IDLE + 1);
  add('half open', 6, 'opening', 61);
  add('closed', 7, 'closing', 61);
  add('of nobody', 8, 'established', 0, 7, 99);
  await watch.look();
  assert.deepEqual(watch.listener(LISTENER), { flows: 3, error: 0 });
  assert.deepEqual([watch.target(7).flows, watch.target(8).flows, watch.target(9).flows], [2, 1, 0]);
  assert.deepEqual([...flows.keys()], ['alive', 'to another', 'opening', 'closing']);
});

test('each flow of a sample stands for as many as the share says, with an error', async (t) => {
  const { watch, shares, add } = world();
  t.after(() => watch.stop());
  shares.set(LISTENER, 64);
  watch.begin(LISTENER);
  for (let i = 0; i < 100; i++) add(`flow ${i}`, 64 * i);
  await watch.look();
  const { flows, error } = watch.listener(LISTENER);
  assert.equal(flows, 6_400);
  assert.equal(error, Math.ceil(2 * Math.sqrt(101 * 64 * 63)));
  assert.equal(watch.target(7).flows, 6_400);
});

test('nothing in a sample of few does not mean that there is nothing', async (t) => {
  const { watch, shares } = world();
  t.after(() => watch.stop());
  shares.set(LISTENER, 64);
  watch.begin(LISTENER);
  await watch.look();
  assert.equal(watch.listener(LISTENER).flows, 0);
  assert.ok(watch.listener(LISTENER).error >= 64);
});

test('a busy listener has fewer of its flows sampled, and those that are none of them any more go', async (t) => {
  const { watch, flows, shares, traffic, add, pass } = world();
  t.after(() => watch.stop());
  watch.begin(LISTENER);
  await watch.look();
  pass(5);
  traffic.packets += 5n * 500_000n;
  for (let hash = 0; hash < 32; hash++) add(`flow ${hash}`, hash);
  await watch.look();
  assert.equal(shares.get(LISTENER), 16);
  assert.equal(watch.listener(LISTENER).flows, 32);
  pass(5);
  traffic.packets += 5n * 500_000n;
  await watch.look();
  assert.deepEqual([...flows.keys()], ['flow 0', 'flow 16']);
  assert.equal(watch.listener(LISTENER).flows, 32);
});

test('a listener that has become quiet has more of them sampled, and is counted as before for a minute', async (t) => {
  const { watch, shares, add, pass } = world();
  t.after(() => watch.stop());
  shares.set(LISTENER, 4);
  watch.begin(LISTENER);
  for (const hash of [0, 4, 8]) add(`old ${hash}`, hash);
  await watch.look();
  pass(61);
  await watch.look();
  assert.equal(shares.get(LISTENER), 1);
  for (const hash of [1, 2, 3]) add(`new ${hash}`, hash);
  await watch.look();
  assert.equal(watch.listener(LISTENER).flows, 12);
  pass(61);
  await watch.look();
  await watch.look();
  assert.deepEqual(watch.listener(LISTENER), { flows: 6, error: 0 });
});

test('a look that is under way when the watch stops reads no further', async () => {
  let read = 0;
  const watch = new FlowWatch({
    sight: {
      *samples() {
        for (; read < 5; read++) yield [];
      },
      forgetSample: () => undefined,
      sampling: () => 0,
      setSampling: () => undefined,
    },
    traffic: () => ({ packets: 0n, flows: 0n }),
    listeners: () => new Map(),
    log: pino({ level: 'silent' }),
    now: () => 0,
  });
  const looking = watch.look();
  watch.stop();
  await looking;
  assert.equal(read, 0, 'it has the first batch and asks for no other');
});
