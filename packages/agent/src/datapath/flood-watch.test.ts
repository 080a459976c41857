import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flood } from '@evenkeel/flow/datapath/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import pino from 'pino';
import { plannedListener } from '../../test/planned.ts';
import { FloodWatch } from './flood-watch.ts';

const listener = (id: string, more: Partial<PlannedListener> = { synAlarm: { alarm: 100, calm: 20 } }) =>
  plannedListener({ id, protocol: 'tcp', http: null, isNetwork: true, ...more });

/** Seconds that pass when they are told to. */
function world() {
  let now = 0;
  let timer: (() => void) | null = null;
  let changes = 0;
  const connections = new Map<string, number>();
  const kernel = new Map<string, Flood>();
  const watch = new FloodWatch({
    clock: {
      now: () => now,
      wallTime: () => now,
      setTimer(_delay, callback) {
        timer = callback;
        return {
          cancel: () => {
            timer = null;
          },
        };
      },
    },
    log: pino({ level: 'silent' }),
    inKernel: (id) => kernel.get(id) ?? null,
    connections: (id) => connections.get(id) ?? 0,
    onChange: () => changes++,
  });
  return {
    watch,
    kernel,
    follow: (...listeners: readonly PlannedListener[]) => watch.follow(new Map(listeners.map((one) => [one.id, one]))),
    /** So many connections come in each of these seconds. */
    pass(seconds: number, perSecond = 0, id = 'a') {
      for (let i = 0; i < seconds; i++) {
        now += 1_000;
        connections.set(id, (connections.get(id) ?? 0) + perSecond);
        const act = timer;
        timer = null;
        act?.();
      }
      return watch.flooded();
    },
    get isWaiting() {
      return timer !== null;
    },
    get changes() {
      return changes;
    },
  };
}

test('a flood begins at the alarm and ends after ten seconds below calm, and not before', () => {
  const it = world();
  it.follow(listener('a'));
  assert.deepEqual(it.pass(5, 99), []);
  assert.deepEqual(it.pass(1, 100), ['a']);
  assert.deepEqual(it.pass(30, 20), ['a'], 'between the two nothing changes');
  assert.deepEqual(it.pass(10, 19), ['a']);
  assert.deepEqual(it.pass(1, 20), ['a'], 'calm begins anew');
  assert.deepEqual(it.pass(10, 19), ['a']);
  assert.deepEqual(it.pass(1, 19), []);
  assert.deepEqual(it.watch.counts(), [{ listenerId: 'a', isFlooded: false, floods: 1 }]);
  assert.equal(it.changes, 2);
});

test('connections from before it was looked at are none of a flood', () => {
  const it = world();
  it.pass(1, 1_000_000);
  it.follow(listener('a'));
  assert.deepEqual(it.pass(1, 1), []);
  assert.deepEqual(it.pass(1, 1), []);
});

test('what the kernel carries is as the kernel says', () => {
  const it = world();
  it.follow(listener('a'));
  it.kernel.set('a', { alarm: true, alarms: 3n });
  assert.deepEqual(it.pass(1), ['a']);
  it.kernel.set('a', { alarm: false, alarms: 3n });
  assert.deepEqual(it.pass(1), []);
  it.kernel.delete('a');
  assert.deepEqual(it.pass(1, 5_000), [], 'in the proxy it is looked at anew');
  assert.deepEqual(it.pass(1, 5_000), ['a']);
});

test('nobody looks where nobody has a threshold; one that is taken away ends the flood', () => {
  const it = world();
  it.follow(listener('b', {}));
  assert.ok(!it.isWaiting);
  it.follow(listener('a'));
  it.pass(1);
  assert.deepEqual(it.pass(1, 200), ['a']);
  it.follow(listener('a', { synAlarm: { alarm: 1_000, calm: 500 } }));
  assert.deepEqual(it.pass(11, 400), []);
  it.follow(listener('a', {}));
  assert.deepEqual([it.watch.flooded(), it.watch.counts()], [[], []]);
  it.pass(1);
  assert.ok(!it.isWaiting);
});
