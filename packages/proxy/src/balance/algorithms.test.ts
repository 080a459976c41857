import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mixed } from '@evenkeel/model/hashing/murmur3.ts';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { serviceOf, targetsOf } from '../../test/services.ts';
import type { EngineTarget } from '../engine/engine.ts';
import { Random } from '../reactor/simulated/random.ts';
import { buildBalance } from './build.ts';
import { HELD_WHOLE } from './held.ts';
import { DECAY, FAILED, newLatencies, observeLatency } from './latency.ts';
import { pick } from './pick.ts';
import { sharesOf } from './shares.ts';
import type { BalanceTable } from './table.ts';

const clock = { wallTime: 1_000_000 };

function build(
  algorithm: PlannedService['algorithm'],
  targets: readonly EngineTarget[],
  changes: Partial<PlannedService> = {},
): BalanceTable {
  const { service } = serviceOf(algorithm, targets);
  return buildBalance({
    service: { service: { ...service, ...changes }, targets },
    slots: targets.map((_, index) => index),
    load: new Int32Array(new SharedArrayBuffer(4 * 256)),
    held: new Int32Array(new SharedArrayBuffer(4 * 256)),
    latencies: newLatencies(256),
    previous: null,
    random: () => 0,
  });
}

const bounded = (loadFactor: number) => ({ hash: { key: 'uri', name: '', loadFactor } as const });

describe('bounded loads', () => {
  it('are never exceeded, whatever the keys, weights and ends', () => {
    const random = new Random(3);
    for (let round = 0; round < 40; round++) {
      const weights = Array.from(
        { length: 2 + Math.floor(random.fraction() * 9) },
        () => 1 + Math.floor(random.fraction() * 100),
      );
      const factor = 100 + Math.floor(random.fraction() * 100);
      const table = build('hash', targetsOf(weights), bounded(factor));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const under: number[] = [];
      for (let step = 0; step < 400; step++) {
        // A few keys that everybody asks for, and requests that end in any order.
        const target = pick(table, mixed(Math.floor(random.fraction() ** 4 * 20)), -1, -1, clock);
        Atomics.add(table.load, target, 1);
        under.push(target);
        const bound = Math.ceil(((factor / 100) * under.length * weights[target]!) / sum);
        assert.ok(table.load[target]! <= bound, `${table.load[target]} at ${target}, ${bound} allowed`);
        if (random.chance(0.45)) {
          const [ended] = under.splice(Math.floor(random.fraction() * under.length), 1);
          Atomics.sub(table.load, ended!, 1);
        }
      }
    }
  });

  it('leave a key with its target as long as there is room, and send the rest to the same next one', () => {
    const table = build('hash', targetsOf([10, 10, 10, 10]), bounded(125));
    const free = build('hash', targetsOf([10, 10, 10, 10]));
    for (let key = 0; key < 500; key++) {
      assert.equal(pick(table, mixed(key), -1, -1, clock), pick(free, mixed(key), -1, -1, clock));
    }
    const home = pick(table, mixed(7), -1, -1, clock);
    Atomics.add(table.load, home, 5);
    const next = pick(table, mixed(7), -1, -1, clock);
    assert.notEqual(next, home);
    assert.equal(pick(table, mixed(7), -1, -1, clock), next);
  });

  it('give an ejected target nothing, however full the others are', () => {
    const table = build('hash', targetsOf([10, 10, 10, 10]), bounded(125));
    Atomics.store(table.held, 2, HELD_WHOLE);
    for (let key = 0; key < 400; key++) {
      const target = pick(table, mixed(key), -1, -1, clock);
      assert.notEqual(target, 2);
      Atomics.add(table.load, target, 1);
    }
    for (const target of [0, 1, 3]) assert.ok(table.load[target]! <= Math.ceil((1.25 * 400) / 3));
  });
});

/** Requests that take `times[target]` milliseconds, `count` of them at a time for a while; how many each target had. */
function serve(
  table: BalanceTable,
  times: (target: number, now: number) => number,
  count: number,
  from: number,
  until: number,
) {
  const had = new Array<number>(table.candidates.length).fill(0);
  const under: { readonly target: number; readonly begun: number; readonly ends: number }[] = [];
  let now = from;
  const begin = () => {
    const target = pick(table, 0, -1, -1, { wallTime: now });
    Atomics.add(table.load, target, 1);
    had[target]!++;
    under.push({ target, begun: now, ends: now + times(target, now) });
  };
  while (now < until) {
    while (under.length < count) begin();
    under.sort((a, b) => a.ends - b.ends);
    const { target, begun, ends } = under.shift()!;
    now = ends;
    Atomics.sub(table.load, target, 1);
    observeLatency(table.latencies, target, ends - begun, now);
  }
  for (const { target } of under) Atomics.sub(table.load, target, 1);
  return had.map((requests) => requests / had.reduce((total, its) => total + its, 0));
}

describe('peak EWMA', () => {
  it('prefers the faster target, and gives the slow one little', () => {
    const table = build('peak-ewma', targetsOf([10, 10, 10]));
    const shares = serve(table, (target) => (target === 1 ? 200 : 10), 12, 1_000_000, 1_060_000);
    assert.ok(shares[1]! < 0.06, `${shares}`);
    assert.ok(Math.abs(shares[0]! - shares[2]!) < 0.1, `${shares}`);
  });

  it('gives a target that has recovered its share again', () => {
    const table = build('peak-ewma', targetsOf([10, 10, 10, 10]));
    const slowUntil = 1_030_000;
    const times = (target: number, now: number) => (target === 2 && now < slowUntil ? 2_000 : 10);
    assert.ok(serve(table, times, 8, 1_000_000, slowUntil)[2]! < 0.05);
    serve(table, times, 8, slowUntil, slowUntil + 9 * DECAY);
    const [, , share] = serve(table, times, 8, slowUntil + 9 * DECAY, slowUntil + 12 * DECAY);
    assert.ok(share! > 0.15, `${share}`);
  });

  it('is not drawn to a target that fails at once', () => {
    const table = build('peak-ewma', targetsOf([10, 10]));
    for (let i = 0; i < 3; i++) {
      observeLatency(table.latencies, 0, 20, clock.wallTime);
      observeLatency(table.latencies, 1, FAILED, clock.wallTime);
    }
    for (let i = 0; i < 100; i++) assert.equal(pick(table, 0, -1, -1, clock), 0);
  });

  it('tries a new target, and does not flood it before it has answered', () => {
    const table = build('peak-ewma', targetsOf([10, 10]));
    observeLatency(table.latencies, 0, 20, clock.wallTime);
    assert.equal(pick(table, 0, -1, -1, clock), 1);
    Atomics.add(table.load, 1, 1);
    for (let i = 0; i < 20; i++) assert.equal(pick(table, 0, -1, -1, clock), 0);
  });
});

describe('power of two', () => {
  it('keeps loads nearly even, and by weight', () => {
    const weights = [10, 20, 30, 40];
    const table = build('power-of-two', targetsOf(weights));
    for (let i = 0; i < 1_000; i++) Atomics.add(table.load, pick(table, 0, -1, -1, clock), 1);
    weights.forEach((weight, target) => {
      const fair = 10 * weight;
      assert.ok(Math.abs(table.load[target]! - fair) < fair * 0.1, `${table.load.slice(0, 4)}`);
    });
  });
});

describe('zones', () => {
  const zoned = (local: readonly (readonly [weight: number, eligible: boolean])[], others: number) =>
    targetsOf([...local.map(([weight]) => weight), ...new Array<number>(others).fill(10)]).map((target, index) => {
      const own = local[index];
      return own === undefined ? target : { ...target, isLocal: true, eligible: own[1] };
    });
  const localShare = (table: BalanceTable, locals: number, keyed = false) => {
    let local = 0;
    for (let i = 0; i < 4_000; i++) if (pick(table, keyed ? mixed(i) : 0, -1, -1, clock) < locals) local++;
    return local / 4_000;
  };
  const prefer = { zone: { preference: 'prefer', threshold: 70 } } as const;
  const strict = { zone: { preference: 'strict', threshold: 70 } } as const;

  for (const algorithm of [
    'round-robin',
    'least-connections',
    'power-of-two',
    'peak-ewma',
    'hash',
    'source-ip',
  ] as const) {
    it(`${algorithm}: everything stays while enough is healthy, then as much as the healthy ones can take`, () => {
      const keyed = algorithm === 'hash' || algorithm === 'source-ip';
      const share = (eligible: number) =>
        localShare(
          build(
            algorithm,
            zoned(
              [0, 1, 2, 3].map((i) => [10, i < eligible]),
              4,
            ),
            prefer,
          ),
          4,
          keyed,
        );
      assert.equal(share(4), 1);
      assert.equal(share(3), 1);
      assert.ok(Math.abs(share(2) - 0.5 / 0.7) < 0.04, `${share(2)}`);
      assert.ok(Math.abs(share(1) - 0.25 / 0.7) < 0.04, `${share(1)}`);
      assert.equal(share(0), 0);
    });
  }

  it('strict: nothing leaves the zone, healthy or not', () => {
    for (const eligible of [true, false]) {
      const table = build(
        'round-robin',
        zoned(
          [
            [10, eligible],
            [10, false],
          ],
          4,
        ),
        strict,
      );
      assert.equal(localShare(table, 2), 1);
    }
  });

  it('do not matter without a preference, or without targets in the own one', () => {
    assert.ok(localShare(build('round-robin', zoned([[10, true]], 3)), 1) < 0.3);
    assert.equal(build('round-robin', zoned([], 3), strict).candidates.length, 3);
  });

  it('help out when all of the own zone were tried or are ejected', () => {
    const table = build('round-robin', zoned([[10, true]], 2), prefer);
    assert.equal(pick(table, 0, -1, -1, clock), 0);
    assert.notEqual(pick(table, 0, 0, -1, clock), 0);
    table.held[0] = HELD_WHOLE;
    assert.notEqual(pick(table, 0, -1, -1, clock), 0);
  });
});

describe('shares', () => {
  it('are of what is under way, by weight less what is held back', () => {
    const table = build('round-robin', targetsOf([10, 20, 10]));
    Atomics.add(table.load, 0, 40);
    assert.deepEqual(
      sharesOf(table).map(({ share }) => share),
      [10, 20, 10],
    );
    table.held[2] = HELD_WHOLE / 2;
    assert.deepEqual(
      sharesOf(table).map(({ share }) => Math.round(share)),
      [11, 23, 6],
    );
    assert.deepEqual(sharesOf(build('round-robin', targetsOf([10]))), []);
  });
});
