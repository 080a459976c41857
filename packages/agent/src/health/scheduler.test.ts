import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/virtual-clock.ts';
import { Scheduler, type Task } from './scheduler.ts';

class Recorder {
  readonly started: string[] = [];
  readonly lags: number[] = [];
  readonly finish = new Map<string, () => void>();

  task(name: string, slow = false): Task {
    return {
      due: 0,
      place: -1,
      slow,
      run: (lag, finished) => {
        this.started.push(name);
        this.lags.push(lag);
        this.finish.set(name, finished);
      },
    };
  }
}

test('runs tasks at their times, a moved one at its new time, a cancelled one never', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 10 });
  const recorder = new Recorder();
  const moved = recorder.task('moved');
  const cancelled = recorder.task('cancelled');
  scheduler.schedule(recorder.task('late'), 50);
  scheduler.schedule(recorder.task('early'), 10);
  scheduler.schedule(moved, 5);
  scheduler.schedule(cancelled, 20);
  scheduler.schedule(moved, 30);
  scheduler.cancel(cancelled);
  clock.advance(9);
  assert.deepEqual(recorder.started, []);
  clock.advance(41);
  assert.deepEqual(recorder.started, ['early', 'moved', 'late']);
});

test('holds to its slots, starts the next in order when one is free, and tells how late it is', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 2 });
  const recorder = new Recorder();
  ['a', 'b', 'c', 'd'].forEach((name, index) => {
    scheduler.schedule(recorder.task(name), 10 + index);
  });
  clock.advance(25);
  assert.deepEqual(recorder.started, ['a', 'b']);
  assert.equal(scheduler.waiting, 2);
  assert.equal(scheduler.lag, 13);
  recorder.finish.get('b')?.();
  recorder.finish.get('b')?.();
  assert.deepEqual(recorder.started, ['a', 'b', 'c']);
  assert.equal(scheduler.running, 2);
  assert.equal(recorder.lags.at(-1), 13);
});

test('tasks that were slow hold at most half of the slots', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 4 });
  const recorder = new Recorder();
  for (let index = 0; index < 6; index++) scheduler.schedule(recorder.task(`slow${index}`, true), index);
  clock.advance(10);
  assert.deepEqual(recorder.started, ['slow0', 'slow1']);
  for (let index = 0; index < 3; index++) scheduler.schedule(recorder.task(`quick${index}`), 11 + index);
  clock.advance(20);
  assert.deepEqual(recorder.started.slice(2), ['quick0', 'quick1']);
  recorder.finish.get('slow0')?.();
  assert.equal(recorder.started.at(-1), 'slow2', 'it has waited for longer than the quick one');
  recorder.finish.get('quick0')?.();
  assert.equal(recorder.started.at(-1), 'quick2', 'no third slow one while a quick one waits');
});

test('ten thousand tasks that are due together begin in slices, a tick apart, in order', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 256 });
  const order: number[] = [];
  const perMoment = new Map<number, number>();
  for (let index = 0; index < 10_000; index++) {
    scheduler.schedule(
      {
        due: 0,
        place: -1,
        slow: false,
        run: (_lag, finished) => {
          order.push(index);
          perMoment.set(clock.now(), (perMoment.get(clock.now()) ?? 0) + 1);
          finished();
        },
      },
      1 + index / 1e6,
    );
  }
  clock.advance(1_999);
  assert.ok(order.length < 10_000);
  clock.advance(12);
  assert.deepEqual(
    order,
    Array.from({ length: 10_000 }, (_, index) => index),
  );
  assert.equal(Math.max(...perMoment.values()), 50);
  assert.equal(clock.timers, 0);
});

test('tasks that never end take their slots and no more, however many are due', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 120 });
  const recorder = new Recorder();
  for (let index = 0; index < 500; index++) scheduler.schedule(recorder.task(`t${index}`), 0);
  clock.advance(100);
  assert.equal(recorder.started.length, 120);
  assert.equal(scheduler.waiting, 380);
  recorder.finish.get(recorder.started[0] as string)?.();
  assert.equal(recorder.started.length, 121);
  clock.advance(100);
  assert.equal(clock.timers, 0, 'nothing to look for before a slot is free');
});

test('nothing starts after stop', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 1 });
  const recorder = new Recorder();
  scheduler.schedule(recorder.task('a'), 1);
  scheduler.schedule(recorder.task('b'), 1);
  scheduler.schedule(recorder.task('c'), 5);
  clock.advance(1);
  scheduler.stop();
  recorder.finish.get('a')?.();
  clock.advance(10);
  assert.deepEqual(recorder.started, ['a']);
  assert.equal(clock.timers, 0);
});
