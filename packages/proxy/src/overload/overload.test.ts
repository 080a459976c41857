import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reactor } from '../reactor/reactor.ts';
import { Random } from '../reactor/simulated/random.ts';
import { type Heap, ThreadHeap } from './heap.ts';
import { NodeSockets } from './node-sockets.ts';
import { Overload } from './overload.ts';
import { Pressure, RESOURCES, resourcesOf } from './pressure.ts';
import { MOST_SHED, Shedding } from './shedding.ts';
import { StandingDelay } from './standing-delay.ts';
import { type AwaitedHead, WaitingHeads } from './waiting-heads.ts';

/** As much of a reactor as an overloaded worker looks at. */
function world(descriptors = 0, workers = 1, heap: Heap = new ThreadHeap()) {
  const arena = { free: 1_000, capacity: 1_000 };
  const reactor = { arena, open: 0, now: 0 };
  const counts = new Int32Array(workers);
  const listening = new Int32Array(1);
  const sockets = new NodeSockets(counts, 0, descriptors, listening);
  const overload = new Overload(reactor as unknown as Reactor, sockets, heap);
  return { arena, reactor, counts, listening, overload };
}

describe('an overloaded worker', () => {
  it('turns nothing away as long as there is enough of everything', () => {
    const { overload } = world(20_000);
    for (let i = 0; i < 100; i++) overload.look(i % 4 === 0 ? 0 : 5_000);
    assert.deepEqual([overload.sheds, overload.bits, overload.refusesConnection()], [false, 0, false]);
  });

  it('turns a growing share away while the delay stands, and less and less afterwards', () => {
    const { overload } = world();
    for (let i = 0; i < 4; i++) overload.look(1_000);
    assert.equal(overload.sheds, false, 'a pause is no standing delay');
    const shares: number[] = [];
    for (let i = 0; i < 20; i++) {
      overload.look(1_000);
      shares.push(overload.share);
    }
    assert.deepEqual(resourcesOf(overload.bits), ['time']);
    assert.ok(shares.every((share, i) => i === 0 || share >= shares[i - 1]!));
    assert.equal(overload.share, MOST_SHED);
    const turnedAway = Array.from({ length: 1_000 }, () => overload.refusesRequest()).filter(Boolean).length;
    assert.ok(Math.abs(turnedAway - 1_000 * MOST_SHED) <= 1, `${turnedAway} of 1,000`);
    // Between the two bounds it stays what it was.
    for (let i = 0; i < 3; i++) overload.look(200);
    assert.deepEqual(resourcesOf(overload.bits), ['time']);
    for (let i = 0; i < 30; i++) overload.look(0);
    assert.deepEqual([overload.sheds, overload.share, overload.bits], [false, 0, 0]);
  });

  it('counts the descriptors of listening sockets, which connections cannot have', () => {
    const { overload, reactor, listening } = world(1_256);
    listening[0] = 600;
    reactor.open = 299;
    assert.equal(overload.refusesConnection(), false);
    reactor.open = 300;
    assert.equal(overload.refusesConnection(), true);
  });

  it('takes no connections when descriptors run out, and goes on with those that are there', () => {
    const { overload, reactor, counts } = world(1_256, 2);
    counts[1] = 500;
    reactor.open = 399;
    assert.equal(overload.refusesConnection(), false);
    reactor.open = 400;
    assert.equal(overload.refusesConnection(), true);
    assert.equal(overload.sparesConnections, true);
    overload.look(0);
    assert.deepEqual([overload.sheds, resourcesOf(overload.bits)], [false, ['descriptors']]);
    reactor.open = 360;
    assert.equal(overload.refusesConnection(), true, 'until there is room again');
    reactor.open = 350;
    assert.equal(overload.refusesConnection(), false);
  });

  it('takes neither connections nor requests when buffers run out', () => {
    const { overload, arena } = world();
    arena.free = 251;
    overload.look(0);
    assert.equal(overload.sheds, false);
    arena.free = 250;
    overload.look(0);
    assert.deepEqual([overload.sheds, resourcesOf(overload.bits)], [true, ['buffers']]);
    assert.ok(overload.refusesRequest() && overload.refusesConnection());
    arena.free = 349;
    overload.look(0);
    assert.equal(overload.sheds, true);
    arena.free = 350;
    overload.look(0);
    assert.equal(overload.sheds, false);
  });

  it('turns as much of both away as memory is short, and all when none is left', () => {
    let used = 0.795;
    const { overload } = world(0, 1, { used: () => used, collect: () => undefined });
    const turnedAway = (ask: () => boolean) => Array.from({ length: 1_000 }, ask).filter(Boolean).length;
    const both = () => [() => overload.refusesRequest(), () => overload.refusesConnection()].map(turnedAway);
    overload.look(0);
    assert.deepEqual(
      [overload.sheds, overload.sparesConnections, resourcesOf(overload.bits)],
      [true, true, ['memory']],
    );
    assert.ok(
      both().every((count) => Math.abs(count - 300) <= 1),
      `${both()} of 1,000`,
    );
    used = 0.9;
    overload.look(0);
    assert.deepEqual(both(), [1_000, 1_000]);
    used = 0.6;
    overload.look(0);
    assert.deepEqual([overload.sheds, overload.bits, overload.share], [false, 0, 0]);
  });

  it('names what it is out of', () => {
    assert.deepEqual(resourcesOf((1 << RESOURCES.length) - 1), [...RESOURCES]);
    assert.throws(() => new Pressure(0.5, 0.5), RangeError);
  });
});

describe('what is measured', () => {
  it('a delay stands when no measurement of the last ones was shorter', () => {
    const delay = new StandingDelay();
    assert.deepEqual(
      [9, 9, 9, 9, 7, 8, 9].map((one) => delay.measured(one)),
      [0, 0, 0, 0, 7, 7, 7],
    );
  });

  for (let seed = 1; seed <= 100; seed++) {
    it(`a share is within its bounds, and that many are turned away: seed ${seed}`, () => {
      const random = new Random(seed);
      const shedding = new Shedding();
      let owed = 0;
      for (let i = 0; i < 500; i++) {
        shedding.update(random.below(2) === 0);
        assert.ok(shedding.share >= 0 && shedding.share <= MOST_SHED);
        owed += shedding.share;
        if (shedding.next()) owed--;
        assert.ok(owed > -1e-6 && owed < 1 + 1e-6);
      }
    });
  }
});

describe('connections that owe a head', () => {
  for (let seed = 1; seed <= 100; seed++) {
    it(`are never more than there are places, and the oldest goes first: seed ${seed}`, () => {
      const random = new Random(seed);
      const most = 1 + random.below(8);
      const list = new WaitingHeads(() => most);
      const model: number[] = [];
      const gone: number[] = [];
      const heads = Array.from({ length: 40 }, (_, id): AwaitedHead => {
        return {
          beforeInWait: null,
          afterInWait: null,
          inWait: false,
          giveUpWaiting: () => {
            gone.push(id);
            assert.equal(model.shift(), id);
          },
        };
      });
      for (let step = 0; step < 300; step++) {
        const id = random.below(heads.length);
        const head = heads[id]!;
        if (random.below(3) === 0) {
          list.remove(head);
          const at = model.indexOf(id);
          if (at >= 0) model.splice(at, 1);
        } else if (!head.inWait) {
          list.add(head);
          model.push(id);
        } else list.add(head);
        assert.equal(list.count, model.length);
        assert.ok(list.count <= most);
        for (const [other, one] of heads.entries()) assert.equal(one.inWait, model.includes(other));
      }
      assert.ok(gone.length > 0);
    });
  }
});
