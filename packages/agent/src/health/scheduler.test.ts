import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, VirtualClock } from '../../test/virtual-clock.ts';
import { Lane, LONGEST_TICK, NO_SLOT, Scheduler, STARTS, type Task, TICK } from './scheduler.ts';

class Recorder {
  readonly started: string[] = [];
  readonly lags: number[] = [];
  readonly finish = new Map<string, () => void>();
  scheduler: Scheduler | null = null;

  task(name: string, lane: Lane = Lane.quick): Task {
    const task: Task = {
      due: 0,
      place: -1,
      lane,
      slot: NO_SLOT,
      run: (lag) => {
        this.started.push(name);
        this.lags.push(lag);
        this.finish.set(name, () => this.scheduler?.finished(task));
      },
    };
    return task;
  }
}

test('runs tasks at their times, a moved one at its new time, a cancelled one never', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 10, silentSlots: 4 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
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
  const scheduler = new Scheduler({ clock, slots: 2, silentSlots: 4 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
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
  const scheduler = new Scheduler({ clock, slots: 4, silentSlots: 4 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
  for (let index = 0; index < 6; index++) scheduler.schedule(recorder.task(`slow${index}`, Lane.slow), index);
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

test('tasks that wait in silence have slots of their own', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 2, silentSlots: 3 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
  for (let index = 0; index < 5; index++) scheduler.schedule(recorder.task(`silent${index}`, Lane.silent), index);
  for (let index = 0; index < 3; index++) scheduler.schedule(recorder.task(`quick${index}`), 5 + index);
  clock.advance(20);
  assert.deepEqual(recorder.started, ['silent0', 'silent1', 'silent2', 'quick0', 'quick1']);
  assert.deepEqual([scheduler.running, scheduler.waiting], [5, 3]);
  recorder.finish.get('quick0')?.();
  assert.equal(recorder.started.at(-1), 'quick2', 'its slot is not for a silent one, however long that has waited');
  recorder.finish.get('silent1')?.();
  assert.equal(recorder.started.at(-1), 'silent3', 'nor the other way round');
});

for (const [count, most] of [
  [2_000, STARTS],
  [10_000, 5 * STARTS],
] as const) {
  test(`${count} tasks that are due together begin in slices, a tick apart, in order`, () => {
    const clock = new VirtualClock();
    const scheduler = new Scheduler({ clock, slots: 256, silentSlots: 4 });
    const order: number[] = [];
    const perMoment = new Map<number, number>();
    for (let index = 0; index < count; index++) {
      const task: Task = {
        due: 0,
        place: -1,
        lane: Lane.quick,
        slot: NO_SLOT,
        run: () => {
          order.push(index);
          perMoment.set(clock.now(), (perMoment.get(clock.now()) ?? 0) + 1);
          scheduler.finished(task);
        },
      };
      scheduler.schedule(task, 1 + index / 1e6);
    }
    clock.advance(count / 5 - LONGEST_TICK);
    assert.ok(order.length < count);
    clock.advance(2 * LONGEST_TICK);
    assert.deepEqual(
      order,
      Array.from({ length: count }, (_, index) => index),
    );
    assert.equal(Math.max(...perMoment.values()), most);
    assert.equal(clock.timers, 0);
  });
}

test('tasks that never end take their slots and no more, however many are due', () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ clock, slots: 120, silentSlots: 4 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
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
  const scheduler = new Scheduler({ clock, slots: 1, silentSlots: 4 });
  const recorder = new Recorder();
  recorder.scheduler = scheduler;
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

test('whatever is scheduled, moved, cancelled and finished: no more begin in any time than its slots allow', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const clock = new VirtualClock();
    const scheduler = new Scheduler({ clock, slots: 1 + Math.floor(random() * 400), silentSlots: 4 });
    const starts: number[] = [];
    const held: Task[] = [];
    const tasks = Array.from({ length: 2_000 }, () => {
      const task: Task = {
        due: 0,
        place: -1,
        lane: random() < 0.1 ? Lane.slow : Lane.quick,
        slot: NO_SLOT,
        run: () => {
          starts.push(clock.now());
          held.push(task);
        },
      };
      return task;
    });
    for (let step = 0; step < 300; step++) {
      const begun = starts.length;
      for (let i = random() < 0.1 ? 1_000 : 5; i > 0; i--) {
        const task = tasks[Math.floor(random() * tasks.length)] as Task;
        if (task.slot !== NO_SLOT) continue;
        if (random() < 0.1) scheduler.cancel(task);
        else scheduler.schedule(task, clock.now() + random() * 40);
      }
      for (const task of held.splice(0, Math.floor(random() * (held.length + 1)))) scheduler.finished(task);
      clock.advance(random() * 15);
      assert.ok(starts.length >= begun);
    }
    for (const window of [1, TICK, 10 * TICK]) {
      const allowed = STARTS * (Math.ceil(window / TICK) + 1);
      let first = 0;
      for (const [index, at] of starts.entries()) {
        while ((starts[first] as number) <= at - window) first++;
        assert.ok(index - first < allowed, `seed ${seed}: more than ${allowed} within ${window} ms`);
      }
    }
    assert.ok(starts.length > 200, 'the test starts too little to say anything');
  }
});
