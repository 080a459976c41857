import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALGORITHMS, type Algorithm } from '@evenkeel/model/plan/objects.ts';
import { serviceOf, targetsOf } from '../../test/services.ts';
import type { EngineTarget } from '../engine/engine.ts';
import { Random } from '../reactor/simulated/random.ts';
import { buildBalance } from './build.ts';
import { clientHash } from './client-hash.ts';
import { HELD_WHOLE } from './held.ts';
import { newLatencies } from './latency.ts';
import { pick as pickAt } from './pick.ts';
import type { BalanceTable } from './table.ts';

const latencies = newLatencies(4_096);

function pick(table: BalanceTable, hash: number, tried: number, triedBefore: number): number {
  return pickAt(table, hash, tried, triedBefore, { wallTime: 0 });
}

interface World {
  readonly table: BalanceTable;
  readonly load: Int32Array;
  readonly held: Int32Array;
}

function build(algorithm: Algorithm, targets: readonly EngineTarget[], previous: BalanceTable | null = null): World {
  const load = previous?.load ?? new Int32Array(new SharedArrayBuffer(4 * 4_096));
  const held = previous?.held ?? new Int32Array(new SharedArrayBuffer(4 * 4_096));
  const slots = targets.map((target) => 10 + Number(target.id.slice(1)));
  const table = buildBalance({
    service: serviceOf(algorithm, targets),
    slots,
    load,
    held,
    latencies,
    previous,
    random: () => 0,
  });
  return { table, load, held };
}

const clients = Array.from({ length: 2_000 }, (_, n) => clientHash(`198.51.${n >> 8}.${n & 255}`));

function count(table: BalanceTable, targets: number): number[] {
  const counts = new Array<number>(targets).fill(0);
  for (const client of clients) counts[pick(table, client, -1, -1)]!++;
  return counts;
}

/** What holds for every algorithm. */
for (const algorithm of ALGORITHMS) {
  describe(`balancing by ${algorithm}`, () => {
    it('picks nobody when there is nobody', () => {
      assert.equal(pick(build(algorithm, []).table, 1, -1, -1), -1);
      assert.equal(pick(build(algorithm, targetsOf([0, 0])).table, 1, -1, -1), -1);
      assert.equal(pick(build(algorithm, []).table, 1, 3, 4), -1);
    });

    it('picks an only target, tried or not', () => {
      const { table } = build(algorithm, targetsOf([0, 5]));
      assert.equal(pick(table, 77, -1, -1), 1);
      assert.equal(pick(table, 77, 1, -1), 1);
      assert.equal(pick(table, 77, 1, 1), 1);
    });

    it('passes over targets of weight 0 and those that are not eligible', () => {
      const targets = targetsOf([10, 0, 10, 10]).map((target, index) => ({ ...target, eligible: index !== 2 }));
      const counts = count(build(algorithm, targets).table, 4);
      assert.equal(counts[1], 0);
      assert.equal(counts[2], 0);
      assert.ok(counts[0]! > 0 && counts[3]! > 0);
    });

    it('uses all of positive weight when none is eligible', () => {
      const targets = targetsOf([10, 0, 10]).map((target) => ({ ...target, eligible: false }));
      const counts = count(build(algorithm, targets).table, 3);
      assert.equal(counts[1], 0);
      assert.ok(counts[0]! > 0 && counts[2]! > 0);
    });

    it('does not turn to a target of weight 0 because the others are not eligible', () => {
      const targets = targetsOf([10, 0]).map((target, index) => ({ ...target, eligible: index === 1 }));
      assert.equal(pick(build(algorithm, targets).table, 5, -1, -1), 0);
    });

    it('gives shares that follow the weights', () => {
      const weights = [10, 20, 30, 40];
      count(build(algorithm, targetsOf(weights)).table, 4).forEach((picks, index) => {
        const fair = (clients.length * weights[index]!) / 100;
        assert.ok(Math.abs(picks - fair) < fair * 0.25, `target ${index}: ${picks} picks, ${fair} are fair`);
      });
    });

    it('picks another target than those tried, as long as there is one, from every start', () => {
      const random = new Random(5);
      for (let targets = 2; targets <= 6; targets++) {
        const weights = Array.from({ length: targets }, () => (random.fraction() < 0.5 ? 1 : 100));
        const { table } = build(algorithm, targetsOf(weights));
        for (const client of clients.slice(0, 300)) {
          const first = pick(table, client, -1, -1);
          const second = pick(table, client, first, -1);
          assert.notEqual(second, first);
          const third = pick(table, client, second, first);
          assert.notEqual(third, second);
          if (targets > 2) assert.notEqual(third, first, `of ${targets} targets with weights ${weights}`);
        }
      }
    });

    it('spreads the clients of a failed target over all others', () => {
      const { table } = build(algorithm, targetsOf([10, 10, 10, 10]));
      const counts = [0, 0, 0, 0];
      for (const client of clients) counts[pick(table, client, 2, -1)]!++;
      assert.equal(counts[2], 0);
      for (const index of [0, 1, 3]) assert.ok(counts[index]! > clients.length / 6, `${counts}`);
    });

    it('picks nobody who is held back whole while there is another, tried or not', () => {
      const { table, held } = build(algorithm, targetsOf([100, 10, 10, 10]));
      held[10] = held[12] = HELD_WHOLE;
      const counts = count(table, 4);
      assert.equal(counts[0]! + counts[2]!, 0);
      assert.ok(counts[1]! > clients.length / 3 && counts[3]! > clients.length / 3, `${counts}`);
      for (const client of clients.slice(0, 100)) assert.equal(pick(table, client, 1, -1), 3);
    });

    it('picks all the same when all are held back whole', () => {
      const { table, held } = build(algorithm, targetsOf([10, 10]));
      held[10] = held[11] = HELD_WHOLE;
      for (const client of clients.slice(0, 100)) assert.ok(pick(table, client, -1, -1) >= 0);
    });

    it('gives a target more and more as less of it is held back', () => {
      const { table, held } = build(algorithm, targetsOf([10, 10, 10, 10]));
      let before = -1;
      for (const share of [0, 0.1, 0.25, 0.5, 0.75, 1]) {
        held[12] = Math.round(HELD_WHOLE * (1 - share));
        const picks = count(table, 4)[2]!;
        const fair = (clients.length * share) / (3 + share);
        assert.ok(picks > before, `${picks} of a share of ${share}, ${before} of a smaller one`);
        assert.ok(Math.abs(picks - fair) < clients.length * 0.04, `${picks} of a share of ${share}, ${fair} are fair`);
        before = picks;
      }
    });

    it('keeps to the indexes of the table it is given', () => {
      const before = build(algorithm, targetsOf([10, 10, 10]));
      const after = build(algorithm, targetsOf([10, 10, 10]).slice(2), before.table);
      for (const client of clients.slice(0, 50)) {
        assert.equal(pick(after.table, client, -1, -1), 0);
        assert.ok(pick(before.table, client, -1, -1) < 3);
      }
    });

    it('works alike on a structured clone, which shares its memory', () => {
      const { table } = build(algorithm, targetsOf([3, 1]));
      const clone = structuredClone(table);
      for (const client of clients.slice(0, 10)) pick(clone, client, -1, -1);
      const picks = table.lookup.length === 0 ? 10 : 0;
      assert.equal(Atomics.load(table.cursor, 0), picks);
    });

    it('stands 1,000 targets of all weights', () => {
      const weights = Array.from({ length: 1_000 }, (_, n) => n % 101);
      const { table } = build(algorithm, targetsOf(weights));
      for (const client of clients) assert.ok(weights[pick(table, client, -1, -1)]! > 0);
    });
  });
}

describe('round robin', () => {
  it('gives exact shares over a cycle to several workers together', () => {
    const { table } = build('round-robin', targetsOf([5, 3, 2]));
    const workers = [structuredClone(table), structuredClone(table), table];
    const random = new Random(11);
    const counts = [0, 0, 0];
    for (let turn = 0; turn < 1_000; turn++) counts[pick(workers[Math.floor(random.fraction() * 3)]!, 0, -1, -1)]!++;
    assert.deepEqual(counts, [500, 300, 200]);
  });

  it('begins where chance says, and goes on across the wrap of its cursor', () => {
    const targets = targetsOf([1, 1, 1, 1]);
    const first = [0, 0.25, 0.5, 0.99].map((chance) => {
      const load = new Int32Array(new SharedArrayBuffer(64));
      const held = new Int32Array(new SharedArrayBuffer(64));
      const service = serviceOf('round-robin', targets);
      const table = buildBalance({
        service,
        slots: [0, 1, 2, 3],
        load,
        held,
        latencies,
        previous: null,
        random: () => chance,
      });
      return pick(table, 0, -1, -1);
    });
    assert.deepEqual(first, [0, 1, 2, 3]);
    const { table } = build('round-robin', targets);
    Atomics.store(table.cursor, 0, 0x7fff_fffe);
    const picks = Array.from({ length: 8 }, () => pick(table, 0, -1, -1));
    assert.deepEqual(picks, [2, 3, 0, 1, 2, 3, 0, 1]);
  });

  it('keeps its place when nothing changes, and when only what does not matter does', () => {
    let { table } = build('round-robin', targetsOf([1, 1, 1]));
    const picks: number[] = [];
    for (let round = 0; round < 9; round++) {
      picks.push(pick(table, 0, -1, -1));
      table = build('round-robin', targetsOf([1, 1, 1]), table).table;
    }
    assert.deepEqual(picks, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('follows targets whose order in the plan changes', () => {
    const targets = targetsOf([1, 1, 1]);
    const { table } = build('round-robin', targets);
    assert.equal(targets[pick(table, 0, -1, -1)]!.id, 't0');
    const turned = [targets[2]!, targets[0]!, targets[1]!];
    const after = build('round-robin', turned, table).table;
    const ids = Array.from({ length: 3 }, () => turned[pick(after, 0, -1, -1)]!.id);
    assert.deepEqual(ids.slice(0, 2).sort(), ['t1', 't2'], 'those who were not picked yet are next');
  });

  it('lets no target of low weight wait for ever through 1,000 changes', () => {
    for (const between of [1, 2, 3, 7, 10, 50]) {
      const all = targetsOf([100, 1, 100]);
      let { table } = build('round-robin', all);
      let picks = 0;
      let light = 0;
      for (let change = 0; change < 1_000; change++) {
        for (let n = 0; n < between; n++, picks++) if (pick(table, 0, -1, -1) === 1) light++;
        // The third target comes and goes, so that no two schedules in a row have the same length.
        table = build('round-robin', change % 2 === 0 ? all.slice(0, 2) : all, table).table;
      }
      const least = Math.floor(picks / 201) - 1;
      const most = Math.ceil(picks / 101) + 1;
      assert.ok(light >= least && light <= most, `${light} of ${picks} picks, a change every ${between}`);
    }
  });

  it('stays fair to all while targets flap at random', () => {
    const random = new Random(21);
    const weights = [50, 10, 1, 30];
    let { table } = build('round-robin', targetsOf(weights));
    const had = [0, 0, 0, 0];
    const due = [0, 0, 0, 0];
    for (let change = 0; change < 3_000; change++) {
      const eligible = weights.map(() => random.fraction() < 0.8);
      const open = eligible.some((is) => is) ? eligible : eligible.map(() => true);
      const total = weights.reduce((sum, weight, index) => sum + (open[index] ? weight : 0), 0);
      const targets = targetsOf(weights).map((target, index) => ({ ...target, eligible: eligible[index]! }));
      table = build('round-robin', targets, table).table;
      for (let n = 0; n < 4; n++) {
        had[pick(table, 0, -1, -1)]!++;
        for (let t = 0; t < 4; t++) if (open[t]) due[t]! += weights[t]! / total;
      }
    }
    had.forEach((picks, index) => {
      assert.ok(Math.abs(picks - due[index]!) < due[index]! * 0.1 + 5, `${had} picks, ${due} were due`);
    });
  });
});

describe('least connections', () => {
  it('picks the least load per weight', () => {
    const { table, load } = build('least-connections', targetsOf([10, 20, 40]));
    load.set([5, 9, 21], 10);
    assert.equal(pick(table, 0, -1, -1), 1);
    load[11] = 11;
    assert.equal(pick(table, 0, -1, -1), 0);
    load[10] = 7;
    assert.equal(pick(table, 0, -1, -1), 2);
  });

  it('is a weighted round robin among equals', () => {
    const { table } = build('least-connections', targetsOf([30, 10]));
    const counts = [0, 0];
    for (let n = 0; n < 400; n++) counts[pick(table, 0, -1, -1)]!++;
    assert.deepEqual(counts, [300, 100]);
  });

  it('agrees with the definition, whatever the loads', () => {
    const random = new Random(3);
    for (let round = 0; round < 500; round++) {
      const weights = Array.from(
        { length: 1 + Math.floor(random.fraction() * 8) },
        () => 1 + Math.floor(random.fraction() * 100),
      );
      const { table, load } = build('least-connections', targetsOf(weights));
      const loads = weights.map(() => Math.floor(random.fraction() * 4));
      load.set(loads, 10);
      const least = Math.min(...loads.map((its, index) => its / weights[index]!));
      for (let n = 0; n < 5; n++) {
        const target = pick(table, 0, -1, -1);
        assert.equal(loads[target]! / weights[target]!, least, `${loads} by ${weights}`);
      }
    }
  });

  it('turns to the least loaded of the others when one was tried', () => {
    const { table, load } = build('least-connections', targetsOf([1, 1, 1, 1]));
    load.set([0, 3, 2, 9], 10);
    for (let n = 0; n < 4; n++) assert.equal(pick(table, 0, 0, -1), 2);
    for (let n = 0; n < 4; n++) assert.equal(pick(table, 0, 0, 2), 1);
  });
});

describe('source-IP hash', () => {
  const names = (targets: readonly EngineTarget[], table: BalanceTable): string[] =>
    clients.map((client) => targets[pick(table, client, -1, -1)]!.id);

  it('keeps a client with its target', () => {
    const { table } = build('source-ip', targetsOf([10, 10, 10]));
    for (const client of clients.slice(0, 20)) assert.equal(pick(table, client, -1, -1), pick(table, client, -1, -1));
  });

  it('is the same on two nodes that list the targets in another order', () => {
    const random = new Random(9);
    const targets = targetsOf([10, 1, 30, 7, 7, 90]);
    const shuffled = targets.toSorted(() => random.fraction() - 0.5);
    const here = names(targets, build('source-ip', targets).table);
    assert.deepEqual(names(shuffled, build('source-ip', shuffled).table), here);
    // Nor does it matter what went before.
    const past = build('source-ip', targets.slice(2));
    assert.deepEqual(names(targets, build('source-ip', targets, past.table).table), here);
  });

  it('moves hardly a client that it need not, when a target leaves or fails', () => {
    const targets = targetsOf(new Array<number>(20).fill(10));
    const before = names(targets, build('source-ip', targets).table);
    const failed = targets.map((target, index) => ({ ...target, eligible: index !== 7 }));
    const fewer = targets.filter((_, index) => index !== 7);
    for (const changed of [failed, fewer]) {
      const after = names(changed, build('source-ip', changed).table);
      const moved = after.filter((id, client) => id !== before[client] && before[client] !== 't7').length;
      assert.ok(moved < clients.length * 0.04, `${moved} of ${clients.length} clients moved for nothing`);
      assert.ok(!after.includes('t7'));
    }
  });

  it('gives a weight of the table, within a few hundredths', () => {
    const weights = [100, 50, 25, 25, 10, 1];
    const { table } = build('source-ip', targetsOf(weights));
    const entries = [0, 0, 0, 0, 0, 0];
    for (const candidate of table.lookup) entries[candidate]!++;
    entries.forEach((its, index) => {
      const fair = (table.lookup.length * weights[index]!) / 211;
      assert.ok(Math.abs(its - fair) <= fair * 0.03 + 1, `target ${index}: ${its} entries, ${fair} are fair`);
    });
  });

  it('keeps its table’s size while targets come and go within the quota', () => {
    const sizes = [1, 20, 100, 128].map((n) => build('source-ip', targetsOf(new Array(n).fill(1))).table.lookup.length);
    assert.equal(new Set(sizes).size, 1);
  });
});

describe('client hash', () => {
  it('is known: it must not change between versions, or every client moves', () => {
    assert.deepEqual(
      ['', '127.0.0.1', '2001:db8::1'].map((address) => clientHash(address)),
      [2472456391, 1909006226, 70498972],
    );
  });

  it('spreads neighbours evenly', () => {
    for (const buckets of [2, 3, 10, 16, 61]) {
      const counts = new Array<number>(buckets).fill(0);
      for (let n = 0; n < 61_000; n++) counts[clientHash(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`) % buckets]!++;
      const fair = 61_000 / buckets;
      const square = counts.reduce((sum, its) => sum + (its - fair) ** 2 / fair, 0);
      assert.ok(square < buckets + 5 * Math.sqrt(2 * buckets), `chi-square ${square} in ${buckets} buckets`);
    }
  });
});
