import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { plannedCheck, plannedService, plannedTarget } from '../../test/planned.ts';
import { seededRandom, VirtualClock } from '../../test/virtual-clock.ts';
import { HealthChecker } from './checker.ts';
import { LocalWatch } from './local-watch.ts';
import type { Prober } from './prober.ts';
import { LONGEST_TICK, STARTS, TICK } from './scheduler.ts';

/** Probes never come in bursts: what thousands of targets see of a node, and the node of itself. */

const TARGETS = 5_000;
const INTERVAL = 5_000;
const WINDOW = 100;
/** Probes in a window when all are spread evenly over the interval. */
const MEAN = (TARGETS * WINDOW) / INTERVAL;
/** What chance may make of that: more than five standard deviations of a Poisson distribution. */
const RHYTHM = MEAN * 1.6;

let clock: VirtualClock;
let checker: HealthChecker;
/** Moments at which probes have begun. */
let begun: number[];

beforeEach(() => {
  clock = new VirtualClock();
  begun = [];
  const prober: Prober = {
    prepare: () => ({
      request: Buffer.from('GET'),
      start: (_history, done) => {
        begun.push(clock.now());
        clock.setTimer(2, () => done({ kind: 'success', detail: 'status 200' }));
      },
      cancel: () => undefined,
    }),
    setAuthority: () => undefined,
  };
  const watch = new LocalWatch({ clock, prober, random: seededRandom(11) });
  checker = new HealthChecker({ clock, watch, onChange: () => undefined });
});

function plan(path: string): void {
  const targets = Array.from({ length: TARGETS }, (_, n) =>
    plannedTarget({ id: `tgt-${n}`, address: `10.0.${n >> 8}.${n & 255}` }),
  );
  checker.setService(plannedService({ healthCheck: plannedCheck({ interval: INTERVAL, path }) }), targets);
}

/** The most probes that began within `milliseconds`, of those since `from`. */
function most(milliseconds: number, from: number): number {
  const times = begun.filter((at) => at >= from);
  let [first, highest] = [0, 0];
  for (const [index, at] of times.entries()) {
    while (at - times[first]! >= milliseconds) first++;
    highest = Math.max(highest, index - first + 1);
  }
  return highest;
}

/** Lets an interval pass in which everything finds its rhythm, and looks at two more. */
function assertRhythm(): void {
  clock.advance(INTERVAL);
  const settled = clock.now();
  clock.advance(2 * INTERVAL);
  const count = begun.filter((at) => at >= settled).length;
  assert.ok(Math.abs(count - 2 * TARGETS) < TARGETS * 0.05, `${count} probes in two intervals`);
  assert.ok(most(WINDOW, settled) < RHYTHM, `${most(WINDOW, settled)} probes within ${WINDOW} ms, ${MEAN} on average`);
}

function assertPaced(from: number): void {
  const allowed = (STARTS / TICK) * LONGEST_TICK;
  assert.ok(most(LONGEST_TICK, from) <= allowed, `${most(LONGEST_TICK, from)} probes within ${LONGEST_TICK} ms`);
}

test('after a start: newcomers are begun slice by slice, and are spread over the interval from then on', () => {
  plan('/');
  clock.advance(INTERVAL);
  assertPaced(0);
  assertRhythm();
});

test('after a change of the check of all targets', () => {
  plan('/');
  clock.advance(3 * INTERVAL);
  const changed = clock.now();
  plan('/ready');
  clock.advance(INTERVAL);
  assertPaced(changed);
  assertRhythm();
});

for (const pause of [INTERVAL / 5, INTERVAL, 7 * INTERVAL]) {
  test(`after a pause of ${pause / 1_000} s, what was due meanwhile is made up for once, slice by slice`, () => {
    plan('/');
    clock.advance(3 * INTERVAL);
    clock.stall(pause);
    const resumed = clock.now();
    clock.advance(TARGETS / (STARTS / TICK));
    assertPaced(resumed);
    const due = Math.min(1, pause / INTERVAL) * TARGETS;
    const usual = (TARGETS * (clock.now() - resumed)) / INTERVAL;
    const count = begun.filter((at) => at >= resumed).length;
    assert.ok(count <= 1.1 * (due + usual), `${count} probes to make up for ${due}`);
    assertRhythm();
  });
}
