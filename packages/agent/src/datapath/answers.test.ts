import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, Origin } from '@evenkeel/flow/datapath/layout.ts';
import { Answers, claimsOf } from './answers.ts';
import { EMPTY_RECORD, type KernelListener } from './kernel-record.ts';

const listener = (number: number, changes: Partial<KernelListener> = {}): KernelListener => ({
  number,
  serviceId: 'svc-1',
  addresses: [`203.0.113.${number}`],
  port: 80,
  lastPort: null,
  protocols: ['tcp'],
  ...changes,
});
const targets = (port: number, ...hosts: number[]) =>
  Object.fromEntries(hosts.map((host) => [`tgt-${host}`, { number: host, address: `10.0.0.${host}`, port }]));

function world(record = EMPTY_RECORD) {
  const origins = new Map<string, Origin>();
  const key = ({ protocol, address, port }: Endpoint) => `${protocol} ${address}:${port}`;
  const answers = new Answers(
    {
      setOrigin: (endpoint, origin) => void origins.set(key(endpoint), origin),
      removeOrigin: (endpoint) => origins.delete(key(endpoint)),
    },
    record,
  );
  const set = (id: string, claims: ReturnType<typeof claimsOf>) => {
    answers.claim(id, claims);
    answers.write();
  };
  const shown = () =>
    [...origins].map(([place, { vip, port, shared }]) => `${place} ${vip}:${port}${shared ? ' shared' : ''}`).sort();
  return { answers, origins, set, shown };
}

test('an endpoint of one listener needs nothing but it; a VIP that changes takes the answers with it', () => {
  const { answers, set, shown } = world();
  set('a', claimsOf(listener(1), targets(8080, 5, 6)));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.1:80', 'tcp 10.0.0.6:8080 203.0.113.1:80']);
  assert.equal(answers.shared.size, 0);
  set('a', claimsOf(listener(1, { addresses: ['203.0.113.9'], port: 443 }), targets(8080, 5)));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.9:443']);
  set('a', []);
  assert.deepEqual([shown(), answers.record], [[], {}]);
});

test('where a second listener has the endpoint it is shared, and the first answers for flows from before', () => {
  const { answers, set, shown } = world();
  set('a', claimsOf(listener(1), targets(8080, 5)));
  set('b', claimsOf(listener(2), { ...targets(8080, 6), again: { number: 7, address: '10.0.0.5', port: 8080 } }));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.1:80 shared', 'tcp 10.0.0.6:8080 203.0.113.2:80']);
  assert.deepEqual([...answers.shared].sort(), [5, 7]);
  set('a', []);
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.2:80', 'tcp 10.0.0.6:8080 203.0.113.2:80']);
  assert.equal(answers.shared.size, 0);
});

test('a target that is registered goes before one that is drained', () => {
  const { set, shown } = world();
  set(
    'a',
    claimsOf(listener(1), targets(8080, 5), () => false),
  );
  set('b', claimsOf(listener(2), targets(8080, 5)));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.2:80 shared']);
});

test('two addresses of one listener share its endpoints; other protocols and ports do not', () => {
  const { answers, set, shown } = world();
  set('a', claimsOf(listener(1, { addresses: ['203.0.113.1', '198.51.100.1'] }), targets(8080, 5)));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:8080 203.0.113.1:80 shared']);
  set('b', claimsOf(listener(2, { protocols: ['udp'] }), targets(8080, 6)));
  set('c', claimsOf(listener(3), targets(8081, 6)));
  assert.deepEqual([...answers.shared], [5]);
});

test('ranges share a port only where it is in them', () => {
  const { answers, set, shown } = world();
  const range = listener(1, { port: 9000, lastPort: 9009 });
  set('range', claimsOf(range, targets(1, 5)));
  set('outside', claimsOf(listener(2), targets(8080, 5)));
  assert.deepEqual(shown(), ['tcp 10.0.0.5:0 203.0.113.1:null', 'tcp 10.0.0.5:8080 203.0.113.2:80']);
  set('inside', claimsOf(listener(3), { in: { number: 8, address: '10.0.0.5', port: 9005 } }));
  assert.deepEqual(shown()[2], 'tcp 10.0.0.5:9005 203.0.113.3:80 shared');
  assert.deepEqual([...answers.shared].sort(), [5, 8]);
});

test('ranges of different ports share their targets where they are under different addresses', () => {
  const { answers, set, shown } = world();
  set('a', claimsOf(listener(1, { port: 9000, lastPort: 9009 }), targets(1, 5)));
  set('b', claimsOf(listener(2, { addresses: ['203.0.113.1'], port: 9010, lastPort: 9019 }), targets(1, 5)));
  assert.deepEqual([shown(), answers.shared.size], [['tcp 10.0.0.5:0 203.0.113.1:null'], 0]);
  set('c', claimsOf(listener(3, { port: 9020, lastPort: 9029 }), targets(1, 5)));
  assert.deepEqual([shown(), answers.shared], [['tcp 10.0.0.5:0 203.0.113.1:null shared'], new Set([5])]);
});

test('listeners that hide clients claim nothing: their answers come to ports of the node', () => {
  const service = { number: 1, mode: 'source-nat', targets: targets(8080, 5) } as const;
  const { answers, set, shown } = world({
    ...EMPTY_RECORD,
    listeners: { a: listener(1) },
    services: { 'svc-1': service },
  });
  set('b', claimsOf(listener(2, { serviceId: 'svc-2' }), targets(8080, 5)));
  assert.deepEqual([shown(), answers.shared.size], [['tcp 10.0.0.5:8080 203.0.113.2:80'], 0]);
});

test('what an earlier process has left is claimed as it was, and what nobody claims is taken out', () => {
  const before = world();
  before.set('a', claimsOf(listener(1), targets(8080, 5)));
  before.set('b', claimsOf(listener(2), targets(8080, 6)));
  const service = { number: 1, mode: 'nat', targets: targets(8080, 5) } as const;
  const record = {
    ...EMPTY_RECORD,
    listeners: { a: listener(1) },
    services: { 'svc-1': service },
    origins: before.answers.record,
  };
  const { answers, origins, set } = world(record);
  for (const [key, value] of before.origins) origins.set(key, value);
  assert.deepEqual(Object.keys(answers.record).sort(), ['', 'a']);
  set('c', claimsOf(listener(3), targets(8080, 5)));
  assert.deepEqual([...origins.keys()], ['tcp 10.0.0.5:8080']);
  assert.deepEqual(origins.get('tcp 10.0.0.5:8080')!.vip, '203.0.113.1', 'the first is still the first');
  assert.deepEqual(answers.shared, new Set([5]));
});
