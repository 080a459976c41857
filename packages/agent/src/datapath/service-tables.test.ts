import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { TargetSettings } from '@evenkeel/flow/datapath/layout.ts';
import { firstGeneration, isUnsettled, nextGeneration } from '@evenkeel/flow/maglev/generations.ts';
import { SLOTS } from '@evenkeel/flow/maglev/slots.ts';
import { PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { pino } from 'pino';
import { ServiceTables } from './service-tables.ts';

const TARGET = 0x7fff;
const LISTENER = { idleTimeout: 1_000, keepsPort: false };

/** Maps that are plain ones; swaps wait for `release` when `hold` is set, and fail when `broken` is. */
class FakeDatapath {
  readonly tables = new Map<number, Uint32Array>();
  readonly targets = new Map<number, TargetSettings>();
  hold: Promise<void> | null = null;
  broken = false;
  readonly forgotten: number[] = [];
  underWay = 0;
  mostUnderWay = 0;

  setTarget(number: number, target: TargetSettings): void {
    this.targets.set(number, target);
  }

  table(service: number): Uint32Array | null {
    return this.tables.get(service) ?? null;
  }

  async swapTable(service: number, pairs: Uint32Array): Promise<void> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await (this.hold ?? turn());
    this.underWay--;
    if (this.broken) throw new Error('no memory');
    this.tables.set(service, pairs);
  }

  removeTable(service: number): boolean {
    return this.tables.delete(service);
  }

  countExceptions(): number {
    return 0;
  }

  async forgetTargets(targets: ReadonlySet<number>): Promise<number> {
    for (const number of targets) this.forgotten.push(number);
    await turn();
    return targets.size;
  }
}

function world(t: { after(end: () => void): void }, record = { services: {}, retired: {} }) {
  const datapath = new FakeDatapath();
  const clock = { now: 0 };
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => errors.push(JSON.parse(line).msg) });
  let tell = (): void => {};
  const forgotten = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const tables = new ServiceTables(
    datapath as unknown as Datapath,
    record,
    log,
    () => tell(),
    undefined,
    () => clock.now,
  );
  t.after(() => tables.stop());
  return { datapath, tables, errors, forgotten, clock };
}

function service(id: string, targets: readonly string[], drainTimeout = 60_000): EngineService {
  return {
    service: {
      ...PLAIN_SERVICE,
      id,
      name: id,
      protocol: 'tcp',
      algorithm: 'round-robin',
      groupId: 'tg-1',
      port: 80,
      healthCheck: null,
      connectTimeout: 1_000,
      readTimeout: 1_000,
      drainTimeout,
    },
    targets: targets.map((name, i) => {
      return { id: name, address: `10.0.0.${i + 1}`, port: 80, weight: 1, state: 'active', eligible: true };
    }),
  };
}

const inTable = (table: Uint32Array | undefined) => new Set(Array.from(table ?? [], (pair) => pair & TARGET));

test('a target that has left keeps its number for the drain time; then it is nobody’s, in the next process too', async (t) => {
  const { datapath, tables, forgotten } = world(t);
  await tables.set(service('a', ['one', 'two']), LISTENER);
  const { number } = tables.record.a!.targets.two!;
  await tables.set(service('a', ['one']));
  assert.equal(tables.record.a!.targets.two?.number, number);
  await tables.set(service('a', ['one', 'two'])); // and is back
  await tables.set(service('a', ['one'], 1));
  await forgotten;
  assert.equal(tables.record.a!.targets.two, undefined);
  assert.equal(datapath.targets.get(number)!.gone, true);
  assert.deepEqual(Object.keys(tables.retired), [String(number)]);
  const next = world(t, { services: tables.record, retired: tables.retired });
  await next.tables.set(service('b', ['three', 'four']), LISTENER);
  const theirs = Object.values(next.tables.record.b!.targets).map((target) => target.number);
  assert.equal(theirs.includes(number), false);
});

test('the record says whether clients are hidden: whoever comes next has to look at the answers', async (t) => {
  const { tables } = world(t);
  const hidden = service('a', ['one']);
  tables.reserve({ ...hidden, service: { ...hidden.service, sourceNat: true } });
  assert.equal(tables.record.a!.mode, 'source-nat');
  tables.reserve(hidden);
  assert.equal(tables.record.a!.mode, 'nat');
});

test('targets of a removed service are gone at once, and their numbers are retired', async (t) => {
  const { datapath, tables } = world(t);
  await tables.set(service('a', ['one']), LISTENER);
  tables.remove('a');
  assert.deepEqual([datapath.targets.get(1)!.gone, Object.keys(tables.retired)], [true, ['1']]);
  await tables.set(service('a', ['one']), LISTENER);
  assert.deepEqual(inTable(datapath.tables.get(tables.record.a!.number)), new Set([2]));
});

test('a service that is removed while its table is on the way leaves none behind', async (t) => {
  const { datapath, tables } = world(t);
  let release = (): void => {};
  datapath.hold = new Promise((resolve) => {
    release = resolve;
  });
  const set = tables.set(service('a', ['one']), LISTENER);
  while (datapath.underWay === 0) await turn();
  tables.remove('a');
  release();
  await set;
  await tables.set(service('b', ['one']), LISTENER);
  assert.deepEqual([...datapath.tables.keys()], [tables.record.b!.number]);
});

test('changes come one after the other', async (t) => {
  const { datapath, tables } = world(t);
  await Promise.all([
    tables.set(service('a', ['one']), LISTENER),
    tables.set(service('a', ['one', 'two'])),
    tables.set(service('b', ['three']), LISTENER),
  ]);
  assert.equal(datapath.mostUnderWay, 1);
  const numbers = Object.values(tables.record.a!.targets).map(({ number }) => number);
  assert.deepEqual(inTable(datapath.tables.get(tables.record.a!.number)), new Set(numbers));
});

test('a kernel that fails at the end of a drain is logged; the target is forgotten, and what follows is done', async (t) => {
  const { datapath, tables, errors, forgotten } = world(t);
  await tables.set(service('a', ['one', 'two']), LISTENER);
  await tables.set(service('a', ['one'], 1));
  datapath.broken = true;
  await forgotten;
  await assert.rejects(tables.set(service('b', ['three']), LISTENER), /no memory/);
  datapath.broken = false;
  await tables.set(service('b', ['three']), LISTENER);
  assert.deepEqual(errors, ['the end of a drain has failed']);
});

test('a service that is refused for want of numbers takes none', async (t) => {
  const { tables } = world(t);
  const many = Array.from({ length: 32_752 }, (_, i) => `t${i}`);
  assert.equal(tables.reserve(service('a', many)), null);
  assert.deepEqual([tables.record, tables.retired], [{}, {}]);
  assert.notEqual(tables.reserve(service('b', many.slice(1))), null);
});

const unsettled = (table: Uint32Array | undefined) => table!.filter(isUnsettled).length;

/** Lets time pass, and then what was waiting for the kernel be done. */
async function pass(t: TestContext, clock: { now: number }, milliseconds: number): Promise<void> {
  clock.now += milliseconds;
  t.mock.timers.tick(milliseconds);
  for (let i = 0; i < 20; i++) await turn();
}

test('a table that an earlier process has left unsettled settles, though it is the one that is wanted', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const before = world(t);
  await before.tables.set(service('a', ['one', 'two']), LISTENER);
  const { number, targets } = before.tables.record.a!;
  const slots = Uint16Array.from(before.datapath.tables.get(number)!, (pair) => pair & TARGET);
  const former = firstGeneration(new Uint16Array(SLOTS).fill(targets.one!.number));

  const { datapath, tables, clock } = world(t, { services: before.tables.record, retired: {} });
  datapath.tables.set(number, nextGeneration(slots, former));
  await tables.set(service('a', ['one', 'two']), { ...LISTENER, idleTimeout: 90_000 });
  await pass(t, clock, 89_999);
  assert.notEqual(unsettled(datapath.tables.get(number)), 0);
  await pass(t, clock, 1);
  assert.equal(unsettled(datapath.tables.get(number)), 0);
  assert.deepEqual(inTable(datapath.tables.get(number)), new Set(slots));
});

test('a table that is learnt from another node settles as well', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const other = world(t);
  await other.tables.set(service('a', ['one', 'two']), LISTENER);
  const { number, targets } = other.tables.record.a!;
  const slots = Uint16Array.from(other.datapath.tables.get(number)!, (pair) => pair & TARGET);
  const { datapath, tables, clock } = world(t);
  tables.learn('a', nextGeneration(slots, firstGeneration(new Uint16Array(SLOTS).fill(targets.one!.number))));
  await tables.set(service('a', ['one', 'two']), LISTENER);
  assert.notEqual(unsettled(datapath.tables.get(number)), 0);
  await pass(t, clock, 30_000);
  assert.equal(unsettled(datapath.tables.get(number)), 0);
});

test('slots that were unsettled before this node joined settle when they do at the others', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const other = world(t);
  await other.tables.set(service('a', ['one']), LISTENER);
  await other.tables.set(service('a', ['one', 'two']));
  const { number } = other.tables.record.a!;
  await pass(t, other.clock, 20_000);
  const [theirs, ages] = [other.datapath.tables.get(number)!, other.tables.ages(number)];
  const { datapath, tables, clock } = world(t);
  tables.learn('a', theirs);
  await tables.set(service('a', ['one', 'two']), LISTENER);
  tables.learn('a', theirs, ages);
  // Its own check finds a target down while the node joins: that is a change of now.
  await tables.set(service('a', ['one', 'two', 'three']));
  const old = datapath.tables.get(number)!.map((pair, slot) => Number(isUnsettled(pair) && isUnsettled(theirs[slot]!)));
  const left = () => datapath.tables.get(number)!.filter((pair, slot) => old[slot] === 1 && isUnsettled(pair)).length;
  await pass(t, clock, 9_999);
  assert.notEqual(left(), 0);
  await pass(t, clock, 1);
  assert.deepEqual(
    [left(), unsettled(datapath.tables.get(number)) > 0, tables.ages(number)?.ages],
    [0, true, [10_000]],
  );
  await pass(t, other.clock, 10_000);
  assert.deepEqual([other.tables.ages(number), other.tables.ages(99)], [null, null]);
});

test('slots settle one idle time after they have changed, however often others do; what fails is tried again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { datapath, tables, errors, clock } = world(t);
  const table = () => datapath.tables.get(tables.record.a!.number)!;
  await tables.set(service('a', ['one', 'two']), { ...LISTENER, idleTimeout: 60_000 });
  await tables.set(service('a', ['one', 'two', 'three']));
  const first = table().map((pair) => Number(isUnsettled(pair)));
  for (const targets of [
    ['one', 'three'],
    ['one', 'two', 'three'],
    ['two', 'three'],
  ]) {
    await pass(t, clock, 19_000);
    await tables.set(service('a', targets));
    // One that is back where it was has settled by that.
    for (const [slot, pair] of table().entries()) first[slot]! &= Number(isUnsettled(pair));
  }
  const isStill = () => table().some((pair, slot) => first[slot] === 1 && isUnsettled(pair));
  await pass(t, clock, 2_999);
  assert.equal(isStill(), true);
  datapath.broken = true;
  await pass(t, clock, 1);
  assert.deepEqual([isStill(), errors], [true, ['settling a table has failed']]);
  datapath.broken = false;
  await pass(t, clock, 1_000);
  assert.deepEqual([isStill(), unsettled(table()) > 0], [false, true]);
});

test('with datagrams they settle after 30 s, whatever the idle time: new flows of UDP wait for that', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const protocol of ['udp', 'tcp-udp', 'tcp'] as const) {
    const { datapath, tables, clock } = world(t);
    const of = (targets: readonly string[]): EngineService => {
      const plain = service('a', targets);
      return { ...plain, service: { ...plain.service, protocol } };
    };
    await tables.set(of(['one']), { ...LISTENER, idleTimeout: 300_000 });
    await tables.set(of(['one', 'two']));
    const table = () => datapath.tables.get(tables.record.a!.number);
    await pass(t, clock, 29_999);
    assert.notEqual(unsettled(table()), 0, protocol);
    await pass(t, clock, 1);
    assert.equal(unsettled(table()) === 0, protocol !== 'tcp', protocol);
  }
});

test('numbers that are retired are others’ only when nothing knows them any more, and each is cleared once', async (t) => {
  const { datapath, tables } = world(t);
  const many = Array.from({ length: 32_751 }, (_, i) => `t${i}`);
  assert.notEqual(tables.reserve(service('a', many)), null);
  tables.remove('a');
  const [b, c] = [service('b', ['one']), service('c', ['two'])];
  assert.equal(tables.reserve(b), null, 'they are nobody’s yet');
  await Promise.all([tables.makeRoom(b), tables.makeRoom(c)]);
  assert.deepEqual([datapath.forgotten.length, new Set(datapath.forgotten).size], [32_751, 32_751]);
  assert.deepEqual([tables.reserve(b) === null, tables.reserve(c) === null, tables.retired], [false, false, {}]);
});
