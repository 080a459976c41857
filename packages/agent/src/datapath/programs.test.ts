import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { ensureBpfFileSystem } from '@evenkeel/flow/loader/bpffs.ts';
import { removeOtherPins } from '@evenkeel/flow/loader/pins.ts';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { pino } from 'pino';
import { Programs } from './programs.ts';

const LEAST = 65_536;

/** A flow of its own number, last seen at a second. */
function flow(number: number, seen: number): { key: Buffer; value: Buffer } {
  const [key, value] = [Buffer.alloc(40, 1), Buffer.alloc(8, 1)];
  key.writeUInt32LE(number);
  value.writeUInt32LE(seen, 4);
  return { key, value };
}

/** A folder of a BPF file system. */
function bpfFolder(t: TestContext): string {
  const mount = mkdtempSync('/run/evenkeel-test-');
  ensureBpfFileSystem(mount);
  t.after(() => {
    execFileSync('umount', [mount]);
    rmdirSync(mount);
  });
  const folder = join(mount, 'node');
  mkdirSync(folder);
  return folder;
}

suite('flows that are written down', { skip: requiresKernelDatapath() }, () => {
  const logTo = (said: string[]) => pino({ level: 'info' }, { write: (line: string) => said.push(line) });

  test('there is room for as many as told; those of another number are carried over', async (t) => {
    const folder = bpfFolder(t);
    const seen: (readonly [room: number, flows: number])[] = [];
    const said: string[] = [];
    for (const [start, writtenFlows] of [LEAST, LEAST, 2 * LEAST, LEAST].entries()) {
      const programs = await Programs.open(folder, writtenFlows, logTo(said));
      const map = programs.tcx.map('exceptions');
      const { key, value } = flow(start, start);
      map.set(key, value);
      seen.push([map.shape.maxEntries, map.count()]);
      removeOtherPins(folder, programs.pins, (name) => name.startsWith('exceptions'));
      await programs.close();
    }
    assert.deepEqual(seen, [
      [LEAST, 1],
      [LEAST, 2],
      [2 * LEAST, 3],
      [LEAST, 4],
    ]);
    const counts = said.map((line) => JSON.parse(line)).map(({ carried, forgotten }) => [carried, forgotten]);
    assert.deepEqual(counts, [
      [2, 0],
      [3, 0],
    ]);
  });

  test('where there is less room, those that were seen last are kept, and the others are told of', async (t) => {
    const folder = bpfFolder(t);
    const said: string[] = [];
    const before = await Programs.open(folder, 2 * LEAST, logTo(said));
    const there = before.tcx.map('exceptions');
    const [old, recent] = [LEAST, 1_000];
    for (let number = 0; number < old + recent; number++) {
      const { key, value } = flow(number, number % 66 === 0 ? 500 : 400);
      there.set(key, value);
    }
    const kept = Array.from({ length: old + recent }, (_, number) => number).filter((number) => number % 66 === 0);
    await before.close();
    const programs = await Programs.open(folder, LEAST, logTo(said));
    const map = programs.tcx.map('exceptions');
    assert.equal(map.count(), kept.length);
    for (const number of kept) assert.notEqual(map.get(flow(number, 0).key), null);
    const { carried, forgotten } = JSON.parse(said[0]!);
    assert.deepEqual([carried, forgotten, said.length], [kept.length, old + recent - kept.length, 1]);
    await programs.close();
  });

  test('what the programs before have written meanwhile comes with the second time, and does not undo anything', async (t) => {
    const folder = bpfFolder(t);
    const said: string[] = [];
    const before = await Programs.open(folder, LEAST, logTo(said));
    const programs = await Programs.open(folder, 2 * LEAST, logTo(said));
    const [there, map] = [before.tcx.map('exceptions'), programs.tcx.map('exceptions')];
    for (const [own, number, seen] of [
      [there, 1, 100],
      [there, 2, 100],
      [map, 2, 101],
    ] as const) {
      const { key, value } = flow(number, seen);
      own.set(key, value);
    }
    await programs.carryOver();
    assert.deepEqual(map.get(flow(1, 0).key), flow(1, 100).value);
    assert.deepEqual(map.get(flow(2, 0).key), flow(2, 101).value);
    assert.deepEqual(said, []);
    await Promise.all([before.close(), programs.close()]);
  });
});
