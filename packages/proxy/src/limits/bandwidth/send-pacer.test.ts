import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Paced } from '../../reactor/pacer.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import { Random } from '../../reactor/simulated/random.ts';
import { newBandwidthMemory } from './bandwidth-memory.ts';
import { LineMemory } from './line-memory.ts';
import { SendPacer } from './send-pacer.ts';

/** Time that only moves when it is told to, and the timers in it. */
class Time {
  now = 10_000;
  /** What is to be done at the end of the turn. */
  readonly atEnd: (() => void)[] = [];
  #timers: { at: number; callback: () => void }[] = [];

  setTimer(delay: number, callback: () => void) {
    const timer = { at: this.now + delay, callback };
    this.#timers.push(timer);
    return { cancel: () => void this.#timers.splice(this.#timers.indexOf(timer), 1) };
  }

  settle(): void {
    for (let act = this.atEnd.shift(); act !== undefined; act = this.atEnd.shift()) act();
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Timers of one reactor come up to one tick late. */
  to(end: number, late = () => 0): void {
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at + late());
      next.callback();
      this.settle();
    }
    this.now = Math.max(this.now, end);
  }
}

/** Somebody who sends whatever is allowed, at once, until nothing is left. */
class Sender implements Paced {
  waitingToSend: number;
  waitingBuffers = 1;
  sent = 0;
  readonly #pacer: SendPacer;
  readonly #time: Time;
  /** Called with each piece. */
  readonly #onSent: (bytes: number) => void;

  constructor(time: Time, pacer: SendPacer, bytes: number, onSent: (bytes: number) => void = () => {}) {
    this.#time = time;
    this.#pacer = pacer;
    this.waitingToSend = bytes;
    this.#onSent = onSent;
  }

  start(): void {
    while (this.waitingToSend > 0) {
      const count = this.#pacer.ask(this, this.waitingToSend);
      if (count === 0) return;
      this.#take(count);
    }
  }

  granted(bytes: number): void {
    this.#take(bytes);
    // As connections do: at the end of the turn, when the pacer has seen to all.
    this.#time.atEnd.push(() => this.start());
  }

  #take(bytes: number): void {
    this.waitingToSend -= bytes;
    this.sent += bytes;
    this.#onSent(bytes);
  }
}

const MEGABIT = 125_000;

function world(rate: number | null, workers = 1, buffers = 10_000) {
  const time = new Time();
  const memory = newBandwidthMemory(workers);
  const pacers = Array.from({ length: workers }, (_, index) => {
    const pacer = new SendPacer(time as unknown as Reactor, 0, index, new LineMemory(buffers));
    pacer.follow(rate, rate === null ? null : memory);
    return pacer;
  });
  return { time, memory, pacers, pacer: pacers[0]! };
}

const fairly = (senders: readonly Sender[], tolerance: number) => {
  const shares = senders.map(({ sent }) => sent);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  assert.ok(most - least <= tolerance, `from ${least} to ${most} bytes`);
};

test('without a limit everything goes at once', () => {
  const { pacer, time } = world(null);
  const sender = new Sender(time, pacer, 1e9);
  sender.start();
  assert.equal(sender.sent, 1e9);
  assert.equal(time.pending, 0);
});

for (const megabits of [1, 10, 100, 1_000, 2_048]) {
  test(`one connection has all of ${megabits} Mbit/s, and no more`, () => {
    const rate = megabits * MEGABIT;
    const { pacer, time } = world(rate);
    const sender = new Sender(time, pacer, 1e12);
    const from = time.now;
    sender.start();
    for (let second = 1; second <= 5; second++) {
      time.to(from + second * 1_000);
      const most = rate * second + Math.max(rate / 10, 2 * 65_536);
      assert.ok(sender.sent <= most, `${sender.sent} after ${second} s`);
      assert.ok(sender.sent >= rate * second * 0.98, `${sender.sent} after ${second} s`);
    }
  });
}

test('many connections have the same share, whatever each has to send', () => {
  const { pacer, time } = world(10 * MEGABIT);
  const senders = Array.from({ length: 200 }, () => new Sender(time, pacer, 1e9));
  for (const sender of senders) sender.start();
  // What was there at first is for the first.
  time.to(time.now + 1_000);
  for (const sender of senders) sender.sent = 0;
  time.to(time.now + 10_000);
  fairly(senders, 20_000);
  const sum = senders.reduce((total, { sent }) => total + sent, 0);
  assert.ok(sum >= 0.98 * 100 * MEGABIT && sum <= 101 * MEGABIT + 2 * 65_536, `${sum} in 10 s`);
});

test('somebody new among many who wait has its turn when all before it have had theirs', () => {
  const { pacer, time } = world(10 * MEGABIT);
  for (let i = 0; i < 50; i++) new Sender(time, pacer, 1e9).start();
  time.to(time.now + 1_000);
  const small = new Sender(time, pacer, 2_000);
  small.start();
  assert.equal(small.sent, 0);
  // 51 times 20,000 bytes at 1.25 MB/s.
  time.to(time.now + 900);
  assert.equal(small.sent, 2_000);
});

for (const [a, b] of [
  [1, 1],
  [3, 90],
] as const) {
  test(`connections of two workers, ${a} and ${b}, have the same share and the rate together`, () => {
    const { pacers, time } = world(50 * MEGABIT, 2);
    const senders = [a, b].flatMap((count, worker) =>
      Array.from({ length: count }, () => new Sender(time, pacers[worker]!, 1e9)),
    );
    for (const sender of senders) sender.start();
    const random = new Random(a);
    time.to(time.now + 20_000, () => random.below(16));
    const sum = senders.reduce((total, { sent }) => total + sent, 0);
    assert.ok(sum >= 0.97 * 1_000 * MEGABIT && sum <= 1_005 * MEGABIT + 2 * 65_536, `${sum} in 20 s`);
    fairly(senders, (sum / (a + b)) * 0.5);
  });
}

test('a worker in the place of one that has died does not wait for it', () => {
  const { pacers, memory, time } = world(10 * MEGABIT, 2);
  for (let i = 0; i < 100; i++) new Sender(time, pacers[1]!, 1e9).start();
  assert.equal(memory.at(-1), 100);
  new SendPacer(new Time() as unknown as Reactor, 0, 1, new LineMemory(100)).follow(10 * MEGABIT, memory);
  assert.equal(memory.at(-1), 0);
});

test('who has gone is passed over, and bytes that are not sent are for others', () => {
  const { pacer, time } = world(MEGABIT);
  const busy = new Sender(time, pacer, 1e9);
  busy.start();
  const gone = new Sender(time, pacer, 1e9);
  gone.start();
  gone.waitingToSend = 0;
  const before = busy.sent;
  time.to(time.now + 1_000);
  assert.equal(gone.sent, 0);
  assert.ok(busy.sent - before >= 0.95 * MEGABIT, `${busy.sent - before}`);
});

test('a limit that is lifted lets all go who wait; one that is lowered holds at once', () => {
  const { pacer, time, memory } = world(MEGABIT);
  const senders = Array.from({ length: 10 }, () => new Sender(time, pacer, 1e6));
  for (const sender of senders) sender.start();
  pacer.follow(null, null);
  time.settle();
  assert.deepEqual(
    senders.map(({ waitingToSend }) => waitingToSend),
    senders.map(() => 0),
  );
  assert.equal(time.pending, 0);
  pacer.follow(8 * MEGABIT, memory);
  const sender = new Sender(time, pacer, 1e9);
  sender.start();
  time.to(time.now + 1_000);
  pacer.follow(MEGABIT, memory);
  const before = sender.sent;
  time.to(time.now + 5_000);
  assert.ok(sender.sent - before <= 5.2 * MEGABIT, `${sender.sent - before}`);
});

test('datagrams go as long as there is something left, and take it from the others', () => {
  const { pacer, time } = world(MEGABIT);
  let sent = 0;
  const until = time.now + 2_000;
  for (; time.now < until; time.to(time.now + 1)) if (pacer.takeDatagram(1_000)) sent += 1_000;
  assert.ok(sent >= 2 * MEGABIT && sent <= 2 * MEGABIT + 13_500, `${sent}`);
});

test('datagrams without end have no more than any connection that waits, and no less', () => {
  const { pacer, time } = world(10 * MEGABIT);
  const senders = Array.from({ length: 9 }, () => new Sender(time, pacer, 1e9));
  for (const sender of senders) sender.start();
  time.to(time.now + 1_000);
  for (const sender of senders) sender.sent = 0;
  let datagrams = 0;
  // Ten times as many as there is room for.
  const until = time.now + 10_000;
  for (; time.now < until; time.to(time.now + 1)) {
    for (let i = 0; i < 10; i++) if (pacer.takeDatagram(1_472)) datagrams += 1_472;
  }
  fairly(senders, 50_000);
  const share = MEGABIT * 10;
  assert.ok(Math.abs(datagrams - share) <= 0.05 * share, `${datagrams} of ${share} bytes`);
});

test('datagrams of two workers have the rate together when nobody waits any more', () => {
  const { pacers, pacer, time } = world(10 * MEGABIT, 2);
  new Sender(time, pacer, 200_000).start();
  for (const each of pacers) assert.equal(each.takeDatagram(65_000), false);
  time.to(time.now + 1_000);
  let sent = 0;
  const until = time.now + 5_000;
  for (; time.now < until; time.to(time.now + 1)) {
    for (const each of pacers) if (each.takeDatagram(1_472)) sent += 1_472;
  }
  assert.ok(sent >= 0.95 * 50 * MEGABIT && sent <= 51 * MEGABIT + 2 * 125_000, `${sent} in 5 s`);
});

test('what a worker that hangs is told to draw is for the others', () => {
  const { pacer, memory, time } = world(10 * MEGABIT, 2);
  // It has been like this since before, and nothing of it moves.
  Atomics.store(memory!, memory!.length - 1, 900);
  const senders = Array.from({ length: 10 }, () => new Sender(time, pacer, 1e9));
  for (const sender of senders) sender.start();
  time.to(time.now + 1_000);
  const before = senders.reduce((total, { sent }) => total + sent, 0);
  time.to(time.now + 10_000);
  const sum = senders.reduce((total, { sent }) => total + sent, 0) - before;
  assert.ok(sum >= 0.9 * 100 * MEGABIT && sum <= 101 * MEGABIT, `${sum} in 10 s`);
});

test('a line is full with as many buffers as are left for lines, and those in it are content with less from half on', () => {
  const time = new Time();
  // 300 are for lines.
  const buffers = new LineMemory(800);
  const [first, second] = [0, 0].map(() => {
    const pacer = new SendPacer(time as unknown as Reactor, 0, 0, buffers);
    pacer.follow(MEGABIT, newBandwidthMemory(1));
    return pacer;
  });
  const stand = (pacer: SendPacer, waitingBuffers: number) => {
    const sender = new Sender(time, pacer, 1e9);
    sender.waitingBuffers = waitingBuffers;
    sender.start();
    return sender;
  };
  const many = [stand(first!, 99)];
  assert.deepEqual([first!.isFull, first!.enough], [false, 2_000]);
  many.push(stand(first!, 50));
  assert.deepEqual([first!.isFull, first!.enough], [false, 1_460]);
  many.push(stand(first!, 1));
  assert.deepEqual([first!.isFull, first!.enough], [true, 1]);
  assert.equal(second!.isFull, false);
  stand(second!, 74);
  assert.equal(second!.isFull, false);
  stand(second!, 1);
  assert.equal(second!.isFull, true);
  // Those who have gone keep nothing, and it is seen before their turn has come.
  for (const sender of many) Object.assign(sender, { waitingToSend: 1, waitingBuffers: 0 });
  time.to(time.now + 200);
  assert.equal(first!.isFull, false);
});

for (let seed = 1; seed <= 20; seed++) {
  test(`no window of time has more than its share, whoever comes and goes: seed ${seed}`, () => {
    const random = new Random(seed);
    const workers = 1 + random.below(3);
    const rate = [MEGABIT, 7 * MEGABIT, 300 * MEGABIT][random.below(3)]!;
    const { pacers, time } = world(rate, workers);
    /** When, and how many bytes had gone out by then. */
    const log: { at: number; sum: number }[] = [{ at: time.now, sum: 0 }];
    const note = (bytes: number) => void log.push({ at: time.now, sum: log.at(-1)!.sum + bytes });
    const end = time.now + 3_000;
    while (time.now < end) {
      const size = 1 + random.below(random.below(3) === 0 ? 1_000_000 : 3_000);
      new Sender(time, pacers[random.below(workers)]!, size, note).start();
      time.to(time.now + random.below(60), () => random.below(16));
    }
    const capacity = Math.max(rate / 10, 2 * 65_536);
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [random.below(log.length), random.below(log.length)].sort((x, y) => x - y) as [number, number];
      const sum = log[b]!.sum - log[a]!.sum;
      // What workers have drawn and not given out lies between the bucket and the wire: one quantum each.
      const most = capacity + workers * 65_536 + (rate * (log[b]!.at - log[a]!.at)) / 1_000;
      assert.ok(sum <= most, `${sum} from ${log[a]!.at} to ${log[b]!.at} at ${rate}`);
    }
  });
}
