import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadedObject } from '@evenkeel/flow/loader/object.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { pino } from 'pino';
import type { KernelPath } from '../datapath/kernel-path.ts';
import type { KernelListener } from '../datapath/kernel-record.ts';
import { KernelSight, type KernelSightOptions } from '../sight/kernel-sight.ts';
import { trafficAnswerers } from './traffic-answerers.ts';

const never = (): never => {
  throw new Error('nobody asked for that');
};

test('what load balancers carry is read of listeners alone, once each, and of neither targets nor drops', (t) => {
  const read: number[] = [];
  const datapath = {
    ...{ targetTraffic: never, outcomes: never, denied: never, table: never, flood: never },
    listenerTraffic(number: number) {
      read.push(number);
      return { flows: 1n, packets: 2n, bytes: 10n, answers: 2n, answerBytes: 100n, drops: 0n };
    },
  } satisfies KernelSightOptions['datapath'];
  const kernelListener = (number: number) => ({ number, protocols: ['tcp'] }) as unknown as KernelListener;
  const sight = new KernelSight({
    object: { map: never } as unknown as LoadedObject,
    datapath,
    listeners: () => new Map([1, 2].map((number) => [`lsn-${number}`, kernelListener(number)])),
    targets: never,
    asksForNextHops: never,
    points: never,
    log: pino({ level: 'silent' }),
  });
  t.after(() => sight.stop());
  const entries = new Map(
    ['lsn-1', 'lsn-2'].map((id) => [`listener/${id}`, { kind: 'listener', value: { id, loadBalancerId: 'lb-1' } }]),
  );
  const { volumes } = trafficAnswerers(
    {
      counters: never,
      listenerVolumes: () => [{ listenerId: 'lsn-1', connections: 1, bytesReceived: 1, bytesSent: 1 }],
    },
    { carried: () => [], kernel: { sight } as unknown as KernelPath },
    () => ({ entries }) as unknown as NodePlan,
  );
  assert.deepEqual(volumes({}), {
    loadBalancers: [{ loadBalancerId: 'lb-1', connections: 3, bytesReceived: 21, bytesSent: 201 }],
  });
  assert.deepEqual(read, [1, 2]);
});
