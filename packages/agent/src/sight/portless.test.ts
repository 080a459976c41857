import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTCOMES } from '@evenkeel/flow/datapath/layout.ts';
import type { LoadedObject } from '@evenkeel/flow/loader/object.ts';
import { pino } from 'pino';
import type { KernelListener } from '../datapath/kernel-record.ts';
import { KernelSight, type KernelSightOptions } from './kernel-sight.ts';

const never = (): never => {
  throw new Error('nobody asked for that');
};

/** A kernel in which these owners (listeners, or targets with the highest bit) have had packets dropped, on two CPUs. */
function sightOf(drops: readonly (readonly [owner: number, reason: string, cpus: readonly number[]])[]) {
  const read: string[] = [];
  const entries = drops.map(([owner, reason, cpus]) => {
    const key = Buffer.alloc(8);
    key.writeUInt32LE(owner, 0);
    key.writeUInt32LE(OUTCOMES.indexOf(reason as (typeof OUTCOMES)[number]), 4);
    return { key, values: cpus.map((count) => Buffer.from(BigUint64Array.of(BigInt(count)).buffer)) };
  });
  const total = drops.filter(([, reason]) => reason === 'no_port').flatMap(([, , cpus]) => cpus);
  const counts = Object.fromEntries(OUTCOMES.map((name) => [name, 0n]));
  const outcomes = { ...counts, no_port: BigInt(total.reduce((sum, count) => sum + count, 0)) };
  const sight = new KernelSight({
    object: {
      map: (name: string) => {
        read.push(name);
        return { perCpuEntries: () => entries };
      },
    } as unknown as LoadedObject,
    datapath: {
      ...{ listenerTraffic: never, targetTraffic: never, denied: never, table: never, flood: never },
      outcomes: () => outcomes as ReturnType<KernelSightOptions['datapath']['outcomes']>,
    },
    listeners: () => new Map([1, 2].map((number) => [`lsn-${number}`, { number } as unknown as KernelListener])),
    targets: never,
    asksForNextHops: never,
    points: never,
    log: pino({ level: 'silent' }),
  });
  return { sight, read };
}

test('listeners without ports are told with the packets of all CPUs; targets and other reasons are not', (t) => {
  const { sight } = sightOf([
    [1, 'no_port', [3, 4]],
    [0x8000_0002, 'no_port', [7, 0]],
    [2, 'no_target', [5, 5]],
    [9, 'no_port', [1, 0]],
  ]);
  t.after(() => sight.stop());
  assert.deepEqual(sight.portless(), [{ listenerId: 'lsn-1', packets: 7 }]);
});

test('as long as no packet has been without a port, no drops are read', (t) => {
  const { sight, read } = sightOf([[2, 'no_target', [5, 5]]]);
  t.after(() => sight.stop());
  assert.deepEqual([sight.portless(), read], [[], []]);
});
