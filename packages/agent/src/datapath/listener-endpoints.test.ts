import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { KernelListener } from './kernel-record.ts';
import { ListenerEndpoints } from './listener-endpoints.ts';

const listener = (changes: Partial<KernelListener> = {}): KernelListener => ({
  number: 1,
  serviceId: 'svc-1',
  addresses: ['192.0.2.1'],
  port: 80,
  lastPort: null,
  protocols: ['tcp'],
  ...changes,
});

function world(...listeners: KernelListener[]) {
  const removed: string[] = [];
  const datapath = {
    removeListener: ({ address, port }: { address: string; port: number }) => removed.push(`${address} ${port}`),
    removeListenerRange: ({ address, port, lastPort }: { address: string; port: number; lastPort: number }) =>
      removed.push(`${address} ${port}-${lastPort}`),
    removeVip: (address: string) => removed.push(address),
  };
  return { endpoints: new ListenerEndpoints(datapath as unknown as Datapath, () => listeners), removed };
}

test('the VIP goes with its last listener', () => {
  const last = listener();
  const { endpoints, removed } = world(last, listener({ addresses: ['192.0.2.2'] }));
  endpoints.remove(last);
  assert.deepEqual(removed, ['192.0.2.1 80', '192.0.2.1']);
});

test('a range that moves to another address leaves the VIP to the one listener that has it still', () => {
  const before = listener({ lastPort: 90 });
  const { endpoints, removed } = world(listener({ lastPort: 90, addresses: ['192.0.2.2'] }), listener({ port: 443 }));
  endpoints.remove(before);
  assert.deepEqual(removed, ['192.0.2.1 80-90']);
});

test('what a listener goes on with is not removed', () => {
  const now = listener();
  const { endpoints, removed } = world(now);
  endpoints.remove(listener({ addresses: ['192.0.2.1', '192.0.2.3'] }), now);
  assert.deepEqual(removed, ['192.0.2.3 80', '192.0.2.3']);
});
