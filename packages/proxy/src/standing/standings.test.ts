import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PLAIN_OUTLIER_DETECTION, type Resilience } from '@evenkeel/model/plan/resilience.ts';
import { serviceOf, targetsOf } from '../../test/services.ts';
import { HELD_WHOLE } from '../balance/held.ts';
import type { EngineService, EngineTarget } from '../engine/engine.ts';
import { Random } from '../reactor/simulated/random.ts';
import { TARGET_ROW, TargetCell } from '../telemetry/cells.ts';
import { type EjectionCount, EjectionReason, eject, ejectionsOf, newStandingMemory } from './ejections.ts';
import type { Observed } from './rates.ts';
import type { TargetStanding } from './standing.ts';
import { Standings } from './standings.ts';
import { TargetWatch } from './target-watch.ts';

const SLOTS = 200;
const DETECTION = { ...PLAIN_OUTLIER_DETECTION, baseEjection: 10_000, maxEjection: 40_000 };

function service(targets: readonly EngineTarget[], resilience: Partial<Resilience> = {}): EngineService {
  const engine = serviceOf('round-robin', targets);
  return { ...engine, service: { ...engine.service, outlierDetection: DETECTION, ...resilience } };
}

/** Standings on a clock that stands still until it is told. Slots are 1 and on, by the number in a target's id. */
class World {
  now = 1_000;
  readonly memory = newStandingMemory(SLOTS, new Int32Array(new SharedArrayBuffer(4 * SLOTS)));
  readonly observed = new Map<number, Observed>();
  readonly told: TargetStanding[] = [];
  readonly standings = new Standings({
    memory: this.memory,
    clock: { now: () => this.now, wallTime: () => 1_700_000_000_000 + this.now },
    observe: (slot) => this.observed.get(slot) ?? { answers: 0, failures: 0, answerTime: 0 },
    onChange: (standing) => this.told.push(standing),
  });
  count!: EjectionCount;
  engine!: EngineService;

  set(engine: EngineService): this {
    this.engine = engine;
    this.count = this.standings.set(engine, engine.targets.map(slotOf));
    return this;
  }

  watch(index: number): TargetWatch {
    const cells = new Float64Array(TARGET_ROW);
    return new TargetWatch(DETECTION, this.memory, this.count, slotOf(this.engine.targets[index]!), cells);
  }

  after(milliseconds: number): this {
    for (let left = milliseconds; left > 0; left -= 100) {
      this.now += Math.min(100, left);
      this.standings.sweep();
    }
    return this;
  }

  of(id: string): TargetStanding {
    return [...this.standings.report()].find(({ targetId }) => targetId === id)!;
  }

  held(index: number): number {
    return this.memory.held[index + 1]!;
  }
}

function slotOf({ id }: Pick<EngineTarget, 'id'>): number {
  return Number(id.slice(1)) + 1;
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

describe('outlier detection', () => {
  let world: World;
  beforeEach(() => {
    world = new World().set(service(targetsOf([10, 10, 10, 10])));
  });

  it('ejects at the third connection that fails in a row, before anybody sweeps', () => {
    const watch = world.watch(1);
    times(2, () => watch.connectFailed());
    assert.equal(world.held(1), 0);
    watch.connectFailed();
    assert.equal(world.held(1), HELD_WHOLE);
    world.after(100);
    const { ejected, share } = world.of('t1');
    assert.equal(share, 0);
    assert.equal(ejected?.reason, 'connect-failures');
    assert.equal(ejected.until - ejected.since, 10_000);
    assert.equal(world.told.length, 1);
  });

  it('counts in a row, over all workers', () => {
    const [one, other] = [world.watch(1), world.watch(1)];
    one.connectFailed();
    other.connectFailed();
    one.answered(200, 5);
    times(2, () => other.connectFailed());
    assert.equal(world.held(1), 0);
    one.connectFailed();
    assert.equal(world.held(1), HELD_WHOLE);
  });

  it('ejects for 502, 503 and 504 in a row, and not for 500', () => {
    const watch = world.watch(2);
    times(100, () => watch.answered(500, 1));
    assert.equal(world.held(2), 0);
    for (const status of [502, 503, 504, 503]) watch.answered(status, 1);
    assert.equal(world.held(2), 0);
    watch.answered(502, 1);
    assert.equal(world.held(2), HELD_WHOLE);
    assert.equal(world.after(100).of('t2').ejected?.reason, 'errors');
  });

  it('gives a target back after its time, on probation, and longer away each time', () => {
    const watch = world.watch(0);
    times(3, () => watch.connectFailed());
    world.after(10_100);
    assert.equal(world.of('t0').ejected, null);
    assert.equal(world.held(0), 0);
    for (const milliseconds of [20_000, 40_000, 40_000]) {
      watch.connectFailed();
      assert.equal(world.held(0), HELD_WHOLE, 'one failure is enough on probation');
      const { ejected } = world.after(100).of('t0');
      assert.equal(ejected!.until - ejected!.since, milliseconds);
      world.after(milliseconds);
    }
    watch.answered(200, 1);
    times(2, () => watch.connectFailed());
    assert.equal(world.held(0), 0, 'an answer ends probation');
    world.after(10 * DETECTION.interval);
    watch.connectFailed();
    assert.equal(world.after(100).of('t0').ejected?.times, 1, 'what is long ago is forgotten');
  });

  it('lets health checks have the last word', () => {
    times(3, () => world.watch(0).connectFailed());
    const targets = world.engine.targets.map((target, index) => ({ ...target, eligible: index !== 0 }));
    world.set(service(targets));
    assert.equal(ejectionsOf(world.count), 0);
    assert.equal(world.of('t0').ejected, null);
    world.watch(0).connectFailed();
    world.after(100);
    assert.equal(world.held(0), 0, 'a worker with the old table is overruled');
  });

  it('holds nothing back for a worker whose last step of an ejection came when that was over', () => {
    times(3, () => world.watch(0).connectFailed());
    const targets = world.engine.targets.map((target, index) => ({ ...target, eligible: index !== 0 }));
    world.set(service(targets)).set(service(targetsOf([10, 10, 10, 10])));
    assert.equal(world.held(0), 0);
    Atomics.store(world.memory.held, 1, HELD_WHOLE);
    world.after(1_000);
    assert.equal(world.held(0), 0);
    times(3, () => world.watch(0).connectFailed());
    Atomics.store(world.memory.held, 1, 0);
    world.after(100);
    assert.equal(world.held(0), HELD_WHOLE, 'what was mended a moment too late is ejected all the same');
  });

  it('never ejects the last one, and none of two that are left when both must stay', () => {
    world.set(service(targetsOf([10])));
    times(9, () => world.watch(0).connectFailed());
    assert.equal(world.held(0), 0);
    world = new World().set(service(targetsOf([10, 10]), { failOpen: 80 }));
    times(9, () => world.watch(0).connectFailed());
    assert.equal(world.held(0), 0);
  });

  it('ejects for a success rate that is far below that of the others', () => {
    world.set(service(targetsOf([10, 10, 10, 10]), { outlierDetection: { ...DETECTION, successRateMargin: 30 } }));
    for (const slot of [1, 2, 3]) world.observed.set(slot, { answers: 100, failures: 1, answerTime: 500 });
    world.observed.set(4, { answers: 30, failures: 70, answerTime: 150 });
    world.after(DETECTION.interval);
    assert.equal(world.of('t3').ejected?.reason, 'success-rate');
    assert.equal(ejectionsOf(world.count), 1);
  });

  it('ejects for latency, and judges what has come since only', () => {
    world.set(service(targetsOf([10, 10, 10, 10]), { outlierDetection: { ...DETECTION, latencyFactor: 5 } }));
    for (const slot of [1, 2, 3, 4]) world.observed.set(slot, { answers: 100, failures: 0, answerTime: 2_000 });
    world.after(DETECTION.interval);
    assert.equal(ejectionsOf(world.count), 0);
    for (const slot of [1, 2, 3]) world.observed.set(slot, { answers: 200, failures: 0, answerTime: 4_000 });
    world.observed.set(4, { answers: 200, failures: 0, answerTime: 2_000 + 100 * 200 });
    world.after(DETECTION.interval);
    assert.equal(world.of('t3').ejected?.reason, 'latency');
  });

  it('leaves nothing behind of a target that has left', () => {
    times(3, () => world.watch(3).connectFailed());
    world.set(service(world.engine.targets.slice(0, 3)));
    world.standings.forget('svc', ['t3'], false);
    assert.equal(world.held(3), 0);
    assert.equal(ejectionsOf(world.count), 0);
    assert.equal(world.of('t3'), undefined);
  });
});

describe('slow start', () => {
  const slowStart = 10_000;
  const four = targetsOf([10, 10, 10, 10]);
  const without = (index: number) => four.map((target, at) => ({ ...target, eligible: at !== index }));

  it('leads a target that is healthy again to its share, never back', () => {
    const world = new World().set(service(four, { slowStart }));
    world
      .after(60_000)
      .set(service(without(1), { slowStart }))
      .after(1_000)
      .set(service(four, { slowStart }));
    let before = world.held(1);
    assert.ok(before > 0 && before < HELD_WHOLE);
    for (let step = 0; step < 100; step++) {
      const held = world.after(100).held(1);
      assert.ok(held <= before, `${held} after ${before}`);
      before = held;
    }
    assert.equal(before, 0);
    assert.equal(world.of('t1').share, 100);
    assert.deepEqual(
      world.told.map(({ share }) => share),
      [10, 100],
    );
  });

  it('never takes back what it has given, for any time, in any steps, whatever comes and goes beside it', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const pick = (count: number) => Math.floor(random.fraction() * count);
      const duration = 1_000 * (1 + pick(120));
      const others = targetsOf(Array.from({ length: 2 + pick(6) }, () => 1 + pick(100)));
      const settings = { slowStart: duration };
      const world = new World().set(service(others, settings)).after(60_000);
      const down = others.map((target, at) => ({ ...target, eligible: at !== 0 }));
      world.set(service(down, settings)).after(500).set(service(others, settings));
      let before = world.held(0);
      assert.ok(before > 0, `seed ${seed}: it begins with less than its share`);
      for (let gone = 0; gone < duration + 400; ) {
        const step = 1 + pick(duration / 4);
        gone += step;
        world.after(step);
        if (random.fraction() < 0.3) {
          const at = 1 + pick(others.length - 1);
          world.set(
            service(
              others.map((target, index) => ({ ...target, eligible: index !== at })),
              settings,
            ),
          );
        }
        const held = world.held(0);
        assert.ok(held <= before, `seed ${seed}: ${held} held back after ${before}`);
        before = held;
      }
      assert.equal(before, 0, `seed ${seed}: it has its whole share in the end`);
    }
  });

  it('is not for the targets of a new service, whichever is found healthy first', () => {
    const none = four.map((target) => ({ ...target, eligible: false }));
    const world = new World().set(service(none, { slowStart }));
    for (const first of [2, 0]) {
      world.after(500).set(
        service(
          none.map((target, at) => ({ ...target, eligible: at === first })),
          { slowStart },
        ),
      );
    }
    world.set(service(four, { slowStart }));
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => world.held(index)),
      [0, 0, 0, 0],
    );
  });

  it('is for a target that comes to a running service, and for one that was ejected', () => {
    const world = new World().set(service(four.slice(0, 3), { slowStart })).after(100);
    world.set(service(four, { slowStart }));
    assert.ok(world.held(3) > 0);
    world.after(slowStart);
    times(3, () => world.watch(3).connectFailed());
    world.after(10_100);
    assert.equal(world.of('t3').ejected, null);
    assert.ok(world.held(3) > 0 && world.held(3) < HELD_WHOLE);
  });

  it('ends when nobody has a whole share', () => {
    const world = new World().set(service(four.slice(0, 1), { slowStart })).after(100);
    world.set(service(four.slice(0, 2), { slowStart })).set(service(four.slice(1, 2), { slowStart }));
    assert.equal(world.held(1), 0);
  });
});

/** Whatever workers, health checks and plans do, in any order. */
describe('standings under everything at once', () => {
  it('never has more ejected than may be, and everybody is back in the end', () => {
    for (let seed = 1; seed <= 300; seed++) run(seed);
  });

  function run(seed: number): void {
    const random = new Random(seed);
    const pick = (count: number) => Math.floor(random.fraction() * count);
    const maxEjectedShare = [0, 10, 50, 100][pick(4)]!;
    const failOpen = [0, 30, 60][pick(3)]!;
    const slowStart = [0, 5_000][pick(2)]!;
    const resilience = { outlierDetection: { ...DETECTION, maxEjectedShare }, failOpen, slowStart };
    let targets = targetsOf(Array.from({ length: 1 + pick(12) }, () => 10));
    const all = targetsOf(Array.from({ length: 14 }, () => 10));
    const world = new World().set(service(targets, resilience));
    for (let step = 0; step < 150; step++) {
      const dice = random.fraction();
      if (dice < 0.6) {
        const watch = world.watch(pick(targets.length));
        if (random.fraction() < 0.7) watch.connectFailed();
        else watch.answered(random.fraction() < 0.5 ? 200 : 503, 3);
      } else if (dice < 0.8) world.after(pick(6_000));
      else if (dice < 0.9) {
        const at = pick(targets.length);
        targets = targets.map((target, index) => (index === at ? { ...target, eligible: !target.eligible } : target));
        world.set(service(targets, resilience));
      } else {
        const id = all[pick(all.length)]!.id;
        const isThere = targets.some((target) => target.id === id);
        if (isThere && targets.length === 1) continue;
        targets = isThere
          ? targets.filter((target) => target.id !== id)
          : [...targets, all.find((one) => one.id === id)!];
        world.set(service(targets, resilience));
        if (isThere) world.standings.forget('svc', [id], false);
      }
      check(world, targets, maxEjectedShare, seed);
    }
    world.after(DETECTION.maxEjection + slowStart + 200);
    for (const target of targets)
      assert.equal(world.memory.held[slotOf(target)], 0, `seed ${seed}: everybody regains their share`);
    assert.equal(ejectionsOf(world.count), 0);
  }

  function check(world: World, targets: readonly EngineTarget[], maxEjectedShare: number, seed: number): void {
    const ejected = targets.filter((target) => world.memory.ejected[slotOf(target)] !== EjectionReason.none).length;
    const most = maxEjectedShare === 0 ? 0 : Math.max(1, Math.floor((targets.length * maxEjectedShare) / 100));
    assert.ok(ejected <= most, `seed ${seed}: ${ejected} of ${targets.length} are ejected, ${most} may be`);
    assert.ok(ejected < targets.length, `seed ${seed}: somebody is left`);
    assert.ok(ejectionsOf(world.count) >= ejected);
  }
});

describe('ejections by several at once', () => {
  it('stay within the limit under every order of their steps', () => {
    const world = new World().set(service(targetsOf(Array.from({ length: 20 }, () => 10))));
    const { memory, count } = world;
    for (let slot = 1; slot <= 20; slot++) eject(memory, count, slot, EjectionReason.errors);
    assert.equal(ejectionsOf(count), 10);
    assert.equal(eject(memory, count, 1, EjectionReason.errors), false, 'twice is once');
    assert.equal(ejectionsOf(count), 10);
    world.set(service(world.engine.targets.slice(0, 8)));
    assert.equal(ejectionsOf(count), 4, 'fewer targets, fewer ejections');
  });

  it('counts what workers say in their own rows', () => {
    const world = new World().set(service(targetsOf([10, 10])));
    const cells = new Float64Array(TARGET_ROW);
    const rated = { ...DETECTION, latencyFactor: 3 };
    const watch = new TargetWatch(rated, world.memory, world.count, 1, cells);
    watch.answered(200, 7);
    watch.answered(500, 1);
    watch.failed();
    assert.deepEqual([cells[TargetCell.answers], cells[TargetCell.failures], cells[TargetCell.answerTime]], [1, 2, 7]);
  });
});
