import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TICK } from './reactor.ts';
import { TimerWheel, WheelEntry } from './timer-wheel.ts';
import { WheelTimer } from './wheel-timer.ts';

class Recorder extends WheelEntry {
  readonly times: number[] = [];
  readonly #clock: { now: number };

  constructor(clock: { now: number }) {
    super();
    this.#clock = clock;
  }

  expire(): void {
    this.times.push(this.#clock.now);
  }
}

/** Advances from one possible expiry to the next, as a reactor does, and counts the steps. */
function runUntil(wheel: TimerWheel, clock: { now: number }, end: number): number {
  let steps = 0;
  for (let at = wheel.nextAt(); at <= end; at = wheel.nextAt()) {
    assert.ok(at > clock.now || steps === 0, 'nextAt moves on');
    clock.now = Math.max(clock.now, at);
    wheel.advance(clock.now);
    steps++;
  }
  clock.now = end;
  wheel.advance(end);
  return steps;
}

describe('timer wheel', () => {
  it('never expires early and at most one tick late', () => {
    for (const start of [0.5, 16, 1000.25]) {
      for (const delay of [0.1, 1, 15.9, 16, 16.1, 31, 500, 16 * 1023, 16 * 1024, 16 * 1025, 60_000, 3_600_000]) {
        const clock = { now: start };
        const wheel = new TimerWheel(start);
        const entry = new Recorder(clock);
        wheel.arm(entry, start + delay);
        runUntil(wheel, clock, start + delay + 2 * TICK);
        assert.equal(entry.times.length, 1, `delay ${delay} from ${start}`);
        const late = (entry.times[0] as number) - (start + delay);
        assert.ok(late >= 0 && late <= TICK, `delay ${delay} from ${start} came ${late} ms late`);
        assert.equal(wheel.nextAt(), Infinity);
      }
    }
  });

  it('follows a deadline that moves forward, backward and away', () => {
    const clock = { now: 1 };
    const wheel = new TimerWheel(1);
    const [forward, backward, away] = [new Recorder(clock), new Recorder(clock), new Recorder(clock)];
    wheel.arm(forward, 50);
    wheel.arm(backward, 50_000);
    wheel.arm(away, 100);
    runUntil(wheel, clock, 40);
    wheel.arm(forward, 900);
    wheel.arm(backward, 70);
    wheel.clear(away);
    runUntil(wheel, clock, 2000);
    assert.deepEqual(forward.times, [912]);
    assert.deepEqual(backward.times, [80]);
    assert.deepEqual(away.times, []);
    wheel.arm(away, 2100);
    runUntil(wheel, clock, 3000);
    assert.deepEqual(away.times, [2112]);
  });

  it('lets callbacks arm, remove and re-arm without expiring twice in one advance', () => {
    const clock = { now: 0 };
    const wheel = new TimerWheel(0);
    const seen: string[] = [];
    const second = new WheelTimer(wheel, 20, () => seen.push('second'));
    const timers = [
      new WheelTimer(wheel, 20, () => {
        seen.push('first');
        second.cancel();
        new WheelTimer(wheel, clock.now, () => seen.push('nested'));
      }),
    ];
    second.cancel();
    new WheelTimer(wheel, 20, () => timers[0]?.cancel());
    clock.now = 32;
    wheel.advance(32);
    assert.deepEqual(seen, ['first']);
    clock.now = 48;
    wheel.advance(48);
    assert.deepEqual(seen, ['first', 'nested']);
  });

  it('cancels a timer of the slot that is being processed', () => {
    const wheel = new TimerWheel(0);
    const seen: string[] = [];
    const timers: WheelTimer[] = [];
    timers.push(new WheelTimer(wheel, 10, () => timers[1]?.cancel()));
    timers.push(new WheelTimer(wheel, 11, () => seen.push('cancelled')));
    wheel.advance(16);
    assert.deepEqual(seen, []);
  });

  it('catches up after a long stop, whatever the slots', () => {
    const clock = { now: 0 };
    const wheel = new TimerWheel(0);
    const entries = Array.from({ length: 300 }, () => new Recorder(clock));
    entries.forEach((entry, index) => {
      wheel.arm(entry, 1 + index * 100);
    });
    clock.now = 1_000_000;
    wheel.advance(clock.now);
    for (const entry of entries) assert.deepEqual(entry.times, [1_000_000]);
    assert.equal(wheel.nextAt(), Infinity);
  });

  it('costs few steps when a far deadline is pushed forward again and again', () => {
    const clock = { now: 1 };
    const wheel = new TimerWheel(1);
    const entry = new Recorder(clock);
    let steps = 0;
    for (let now = 1; now < 60_000; now += 10) {
      wheel.arm(entry, now + 60_000);
      steps += runUntil(wheel, clock, now);
    }
    assert.ok(steps <= 8, `${steps} steps`);
    assert.deepEqual(entry.times, []);
  });
});
