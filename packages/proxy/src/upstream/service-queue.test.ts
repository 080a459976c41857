import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reactor, Timer } from '../reactor/reactor.ts';
import { Random } from '../reactor/simulated/random.ts';
import { forgetQueued, newQueueMemory } from './queue-memory.ts';
import { ServiceQueue, type Waiter } from './service-queue.ts';

/** Time that passes when it is told to, and the timers of a reactor. */
class Time {
  now = 0;
  wallTime = 1_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly act: () => void }>();

  setTimer(delay: number, act: () => void): Timer {
    const timer = { at: this.now + delay, act };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) } as unknown as Timer;
  }

  get armed(): number {
    return this.#timers.size;
  }

  pass(milliseconds: number): void {
    for (let i = 0; i < milliseconds; i++) {
      this.now++;
      this.wallTime++;
      for (const timer of [...this.#timers]) {
        if (timer.at > this.now || !this.#timers.delete(timer)) continue;
        timer.act();
      }
    }
  }
}

/** A target with so many places, and who has them. */
class Places {
  free: number;
  readonly served: string[] = [];
  readonly late: string[] = [];

  constructor(free: number) {
    this.free = free;
  }

  waiter(name: string): Waiter {
    return {
      onTurn: () => {
        if (this.free === 0) return false;
        this.free--;
        this.served.push(name);
        return true;
      },
      onWaitedTooLong: () => this.late.push(name),
    };
  }
}

function setUp(workers = 1) {
  const time = new Time();
  const memory = newQueueMemory(workers);
  const queues = Array.from(
    { length: workers },
    (_, worker) => new ServiceQueue(time as unknown as Reactor, memory, worker),
  );
  return { time, memory, queues, queue: queues[0]! };
}

describe('service queue', () => {
  it('serves in order within a listener, and listeners in turn', () => {
    const { queue } = setUp();
    const places = new Places(0);
    const [crowd, other] = [{}, {}];
    for (const name of ['a1', 'a2', 'a3', 'a4']) assert.ok(queue.join(places.waiter(name), crowd, 10, 1_000));
    for (const name of ['b1', 'b2']) assert.ok(queue.join(places.waiter(name), other, 10, 1_000));
    places.free = 10;
    queue.serve();
    assert.deepEqual(places.served, ['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
    assert.equal(queue.isUsed, false);
  });

  it('has a bound over all workers, and takes places back', () => {
    const { queues, memory } = setUp(3);
    const places = new Places(0);
    const waiters = Array.from({ length: 10 }, (_, i) => places.waiter(`${i}`));
    const joined = waiters.map((waiter, i) => queues[i % 3]!.join(waiter, places, 5, 1_000));
    assert.equal(joined.filter((has) => has).length, 5);
    queues[0]!.leave(waiters[0]!);
    queues[0]!.leave(waiters[0]!);
    assert.equal(memory.total[0], 4);
    assert.ok(queues[2]!.join(waiters[9]!, places, 5, 1_000));
    forgetQueued(memory, 1);
    assert.equal(memory.total[0], 3);
  });

  it('lets nobody wait longer than it may', () => {
    const { queue, time } = setUp();
    const places = new Places(0);
    queue.join(places.waiter('short'), places, 9, 100);
    queue.join(places.waiter('long'), places, 9, 300);
    time.pass(98);
    assert.deepEqual(places.late, []);
    time.pass(5);
    assert.deepEqual(places.late, ['short']);
    time.pass(250);
    assert.deepEqual(places.late, ['short', 'long']);
    assert.equal(time.armed, 0, 'nothing is left to do');
  });

  it('does not wait for a worker that hangs', () => {
    const { time, memory, queues } = setUp(2);
    const places = new Places(1);
    Atomics.add(memory.total, 0, 1);
    memory.waiting[1] = 1;
    memory.since[1] = memory.lookedAt[1] = time.wallTime - 50;
    assert.ok(queues[0]!.join(places.waiter('a'), {}, 10, 5_000));
    time.pass(150);
    assert.deepEqual(places.served, [], 'the other one comes first');
    time.pass(150);
    assert.deepEqual(places.served, ['a']);
  });

  it('lets workers take turns by who has waited longest', () => {
    const { queues, time } = setUp(2);
    const places = new Places(0);
    queues[1]!.join(places.waiter('first'), places, 9, 10_000);
    time.pass(50);
    queues[0]!.join(places.waiter('second'), places, 9, 10_000);
    places.free = 1;
    queues[0]!.serve();
    assert.deepEqual(places.served, []);
    time.pass(3);
    assert.deepEqual(places.served, ['first']);
    places.free = 1;
    time.pass(3);
    assert.deepEqual(places.served, ['first', 'second']);
  });

  it('keeps its count whatever happens', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const { queues, memory, time } = setUp(2);
      const places = new Places(0);
      const waiting: Waiter[] = [];
      for (let step = 0; step < 200; step++) {
        const queue = queues[Math.floor(random.fraction() * 2)]!;
        const kind = Math.floor(random.fraction() * 4);
        if (kind === 0) {
          const waiter = places.waiter(`${step}`);
          if (queue.join(waiter, random.chance(0.5) ? places : queue, 12, 1 + random.fraction() * 40))
            waiting.push(waiter);
        } else if (kind === 1) time.pass(Math.floor(random.fraction() * 10));
        else if (kind === 2) {
          places.free += 1;
          queue.serve();
        } else if (waiting.length > 0) {
          const [gone] = waiting.splice(Math.floor(random.fraction() * waiting.length), 1);
          for (const each of queues) each.leave(gone!);
        }
        assert.ok(memory.total[0]! >= 0 && memory.total[0]! <= 12, `seed ${seed}`);
        assert.equal(memory.total[0], queues[0]!.waiting + queues[1]!.waiting, `seed ${seed}`);
      }
      time.pass(50);
      assert.equal(memory.total[0], 0, `seed ${seed}`);
    }
  });
});
