import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Endpoint, ListenerSettings } from '@evenkeel/flow/datapath/layout.ts';
import { portPrefixes, prefixesOfNone } from '@evenkeel/flow/datapath/port-prefixes.ts';
import { listener as plannedListener, service } from './datapath-engine.fixture.ts';
import type { KernelListener } from './kernel-record.ts';
import { type EndpointSettings, ListenerEndpoints } from './listener-endpoints.ts';

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
  endpoints.remove(listener({ addresses: ['192.0.2.1', '192.0.2.3'] }));
  assert.deepEqual(removed, ['192.0.2.3 80', '192.0.2.3']);
});

type Range = Endpoint & { readonly lastPort: number };

/** Maps of the kernel: which listener, by number, an endpoint or a prefix of ports leads to. */
function kernel(...listeners: KernelListener[]) {
  const there = new Set(listeners);
  const maps = new Map<string, number>();
  const vips = new Set<string>();
  const at = ({ address, port, protocol }: Endpoint, bits = '') => `${protocol} ${address} ${port}${bits}`;
  const datapath = {
    forgetFlood: () => {},
    setLimits: () => {},
    setListener: (endpoint: Endpoint, { number }: ListenerSettings) => void maps.set(at(endpoint), number),
    removeListener: (endpoint: Endpoint) => maps.delete(at(endpoint)),
    setListenerRange(range: Range, { number }: ListenerSettings) {
      for (const { port, bits } of portPrefixes(range.port, range.lastPort)) {
        maps.set(at({ ...range, port }, `/${bits}`), number);
      }
    },
    removeListenerRange(range: Range, others: readonly Range[]) {
      for (const { port, bits } of prefixesOfNone(others, range)) maps.delete(at({ ...range, port }, `/${bits}`));
    },
    addVip: (address: string) => vips.add(address),
    removeVip: (address: string) => vips.delete(address),
  };
  const settings: EndpointSettings = {
    planned: plannedListener(),
    service: service(),
    tableNumber: 1,
    gateOf: { tcp: 0, udp: 0 },
  };
  const endpoints = new ListenerEndpoints(datapath as unknown as Datapath, () => there);
  const write = (before: KernelListener | null, now: KernelListener) => endpoints.replace(before, now, settings);
  for (const one of there) write(null, one);
  return { endpoints, there, write, maps, vips };
}

for (const [what, ports] of [
  ['one port', { port: 80 }],
  ['a range', { port: 80, lastPort: 90 }],
] as const) {
  test(`two listeners exchange their VIPs, each with ${what}: each has what it is to have`, () => {
    const [a, b] = ['192.0.2.1', '192.0.2.2'];
    const before = [listener({ ...ports, addresses: [a] }), listener({ ...ports, number: 2, addresses: [b] })] as const;
    const { there, write, maps, vips } = kernel(...before);
    const size = maps.size;
    const now = [listener({ ...ports, addresses: [b] }), listener({ ...ports, number: 2, addresses: [a] })] as const;
    there.clear();
    for (const one of now) there.add(one);
    write(before[0], now[0]);
    write(before[1], now[1]);
    assert.equal(maps.size, size);
    for (const [key, number] of maps) assert.equal(number, key.includes(a) ? 2 : 1, key);
    assert.deepEqual([...vips].sort(), [a, b]);
  });

  test(`a listener with ${what} goes, and another one has its place already: it keeps that`, () => {
    const old = listener(ports);
    const { endpoints, there, write, maps, vips } = kernel(old);
    const next = listener({ ...ports, number: 2 });
    there.add(next);
    write(null, next);
    endpoints.remove(old);
    there.delete(old);
    assert.ok(maps.size > 0);
    assert.deepEqual([...new Set(maps.values())], [2]);
    assert.deepEqual([...vips], ['192.0.2.1']);
    endpoints.remove(next);
    assert.deepEqual([maps.size, vips.size], [0, 0]);
  });
}

test('a range that becomes another one keeps the prefixes that both have', () => {
  const before = listener({ lastPort: 95 });
  const { there, write, maps } = kernel(before);
  const now = listener({ lastPort: 97 });
  there.clear();
  there.add(now);
  write(before, now);
  assert.deepEqual([...maps.keys()], ['tcp 192.0.2.1 80/12', 'tcp 192.0.2.1 96/15']);
});
