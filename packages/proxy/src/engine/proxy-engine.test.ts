import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { changeOf, listenerOf, serviceOf } from '../../test/plans.ts';
import { ListenerSockets } from '../sockets/listener-sockets.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { WorkerEngine } from './proxy-engine.ts';
import { type SharedChange, Tables } from './tables.ts';
import { Transparency } from './transparency.ts';
import type { WorkerSeat } from './worker-seat.ts';

const REOPEN_DELAY = 1_000;
const refusal: RefusedListener = { listenerId: 'lsn', code: 'address-in-use', detail: 'somebody else is there' };

/** A worker that opens everything but what it is told to refuse. */
class FakeSeat {
  onRefused: (refused: readonly RefusedListener[]) => void = () => {};
  onPresence: () => void = () => {};
  readonly present = true;
  refusing = false;
  readonly told: SharedChange[] = [];

  apply(change: SharedChange): Promise<readonly RefusedListener[]> {
    this.told.push(change);
    return Promise.resolve(this.refusing && change.listeners.some(({ planned }) => planned !== null) ? [refusal] : []);
  }

  accept(): void {}

  /** How often it was asked to open the listener. */
  get opened(): number {
    return this.told.filter(({ listeners }) => listeners.some(({ planned }) => planned !== null)).length;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

it('keeps sockets of an earlier process when block lists, or a part of the plan, come into force before all of it', async (t) => {
  const counters = new SharedCounters(1);
  const tables = new Tables(counters, () => 0);
  const sockets = { closeUnclaimed: () => undefined, save: () => undefined, count: 0 };
  const closes = t.mock.method(sockets, 'closeUnclaimed');
  const engine = new WorkerEngine(
    tables,
    counters,
    [new FakeSeat() as unknown as WorkerSeat],
    sockets as unknown as ListenerSockets,
    new Transparency(tables, () => null),
    'portable',
    'a test',
  );
  const { memory } = new BlockTable({ seed: 1, isShared: true });
  await engine.apply({ ...changeOf([], []), blockLists: new Map([['tenant', memory]]) });
  assert.equal(closes.mock.callCount(), 0);
  await engine.apply({ ...changeOf([], []), isPartial: true });
  assert.equal(closes.mock.callCount(), 0);
  await engine.apply(changeOf([], []));
  assert.equal(closes.mock.callCount(), 1, 'the plan asks for none of them');
});

describe('a worker that was replaced and cannot open a listener', () => {
  let seat: FakeSeat;
  let engine: WorkerEngine;

  beforeEach(async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const counters = new SharedCounters(1);
    seat = new FakeSeat();
    const tables = new Tables(counters, () => 0);
    const calls = {
      open: () => ({ descriptor: -1 }),
      close: () => undefined,
      leave: () => undefined,
      endpointOf: () => ({ address: '', port: 0 }),
      isListening: () => true,
    };
    const sockets = new ListenerSockets({
      workers: 1,
      probe: () => null,
      calls,
      hold: null,
      onUnheld: () => undefined,
    });
    engine = new WorkerEngine(
      tables,
      counters,
      [seat as unknown as WorkerSeat],
      sockets,
      new Transparency(tables, () => null),
      'portable',
      'a test',
    );
    await engine.apply(changeOf([serviceOf([8080])], [listenerOf(80)]));
    assert.equal(seat.opened, 1);
    seat.refusing = true;
    seat.onRefused([refusal]);
  });

  afterEach(() => mock.timers.reset());

  const later = async (): Promise<void> => {
    mock.timers.tick(REOPEN_DELAY);
    await settle();
  };

  it('tries until it can, and the listener counts as refused meanwhile', async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = seat.opened;
      await later();
      assert.ok(seat.opened > before, `attempt ${attempt}`);
      assert.deepEqual(await engine.apply(changeOf([], [])), [refusal]);
    }
    seat.refusing = false;
    await later();
    assert.deepEqual(await engine.apply(changeOf([], [])), []);
    const { opened } = seat;
    await later();
    assert.equal(seat.opened, opened, 'it is open');
  });

  it('gives up when the plan takes the listener away', async () => {
    await engine.apply(changeOf([], [], { listeners: ['lsn'] }));
    const { opened } = seat;
    await later();
    await later();
    assert.equal(seat.opened, opened);
    assert.deepEqual(await engine.apply(changeOf([], [])), []);
  });

  it('leaves it to the plan when that names the listener again', async () => {
    seat.refusing = false;
    await engine.apply(changeOf([], [listenerOf(80, { idleTimeout: 9_000 })]));
    const { opened } = seat;
    await later();
    assert.equal(seat.opened, opened);
  });
});
