import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PLAIN_HTTP, type PlannedForwarding } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { listenerOf } from '../../test/plans.ts';
import { clientHash } from '../balance/client-hash.ts';
import { BEGIN, MessageMemory } from '../http1/fuzzing/message-memory.ts';
import { RequestHead } from '../http1/request-head.ts';
import { HeadRewriter } from '../http1/rewrite.ts';
import type { Connection } from '../reactor/reactor.ts';
import { Client } from './client.ts';

const PROXY = { remoteAddress: '10.0.0.1', remotePort: 5_000, localAddress: '127.77.0.1', localPort: 8080 };
const STRANGER = { ...PROXY, remoteAddress: '192.0.2.7', remotePort: 40_123 };

const ALL: PlannedForwarding = {
  clientAddress: 'append',
  protocol: true,
  port: true,
  host: true,
  loadBalancerAddress: true,
  clientPort: true,
  standard: true,
};

function listener(
  forwarding: Partial<PlannedForwarding> = {},
  changes: Partial<PlannedListener> = {},
): PlannedListener {
  return listenerOf(8080, {
    http: { ...PLAIN_HTTP, forwarding: { ...PLAIN_HTTP.forwarding, ...forwarding } },
    trustedProxies: ['10.0.0.0/8', '2001:db8:1::/48'],
    ...changes,
  });
}

class Bench {
  readonly place = new MessageMemory();
  readonly head = new RequestHead();
  readonly rewriter = new HeadRewriter(this.place.arena, this.place.date);

  /** The client of a request with these field lines; all lines are `name: value`. */
  resolve(client: Client, planned: PlannedListener, fields: readonly string[]): boolean {
    const end = this.put(fields);
    assert.equal(this.head.parse(this.place.memory, BEGIN, end), 0);
    return client.resolve(planned, this.place.memory, this.head);
  }

  put(fields: readonly string[], version = '1.1'): number {
    const lines = [`GET /x HTTP/${version}`, ...fields, '', ''];
    return this.place.put(Buffer.from(lines.join('\r\n'), 'latin1'), BEGIN);
  }

  /** The field lines that a target gets. */
  forward(client: Client, planned: PlannedListener, fields: readonly string[], version = '1.1'): string[] {
    const end = this.put(fields, version);
    assert.equal(this.head.parse(this.place.memory, BEGIN, end), 0);
    client.resolve(planned, this.place.memory, this.head);
    const start = this.rewriter.request(this.head, client);
    assert.ok(BEGIN - start <= client.lines.growth + client.lines.hosts * 40, `grows by ${BEGIN - start}`);
    return this.place.memory.toString('latin1', start, end).split('\r\n').slice(1, -2);
  }
}

const clientOf = (ends: typeof PROXY, planned: PlannedListener, announced: typeof PROXY | null = null): Client =>
  new Client(planned, ends as unknown as Connection, announced);

describe('the client of a request', () => {
  const bench = new Bench();
  const planned = listener();
  for (const [name, values, address, port] of [
    ['whoever connected, without a word about it', [], '10.0.0.1', 5_000],
    ['whom the proxy names', ['192.0.2.9'], '192.0.2.9', 0],
    ['the last of those whom it names', ['198.51.100.1, 192.0.2.9'], '192.0.2.9', 0],
    ['behind several proxies', ['198.51.100.1, 192.0.2.9, 10.1.2.3 ,10.1.2.4'], '192.0.2.9', 0],
    ['over several fields', ['192.0.2.9', '10.1.2.3, 10.1.2.4'], '192.0.2.9', 0],
    ['the first of all when all are proxies', ['10.9.9.9, 10.1.2.3'], '10.9.9.9', 0],
    ['with a port', ['192.0.2.9:1234'], '192.0.2.9', 1234],
    ['IPv6, in brackets or bare', ['[2001:db8::9]:1234, [2001:db8:1::1], 2001:db8:1::2'], '2001:db8::9', 1234],
    ['IPv4 within IPv6', ['::ffff:192.0.2.9'], '192.0.2.9', 0],
    ['the one before something that is no address', ['192.0.2.9, unknown, 10.1.2.3'], '10.1.2.3', 0],
    ['the proxy when it names nobody', ['unknown'], '10.0.0.1', 5_000],
    ['the proxy when it names a wrong port', ['192.0.2.9:99999'], '10.0.0.1', 5_000],
    ['past empty elements', [' , 192.0.2.9,, ,'], '192.0.2.9', 0],
  ] as const) {
    test(name, () => {
      const client = clientOf(PROXY, planned);
      bench.resolve(client, planned, ['Host: a', ...values.map((value) => `X-Forwarded-For: ${value}`)]);
      assert.equal(client.remoteAddress, address);
      assert.equal(client.remotePort, port);
      assert.equal(client.hash, clientHash(address));
      assert.equal(`${client.ip}`, address);
    });
  }

  test('is not whom somebody without trust names', () => {
    const client = clientOf(STRANGER, planned);
    assert.ok(!bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 198.51.100.1']));
    assert.equal(client.remoteAddress, '192.0.2.7');
    const nobody = listener({}, { trustedProxies: [] });
    const proxied = clientOf(PROXY, nobody);
    assert.ok(!bench.resolve(proxied, nobody, ['Host: a', 'X-Forwarded-For: 198.51.100.1']));
    assert.equal(proxied.remoteAddress, '10.0.0.1');
  });

  test('is whom a PROXY header names, and behind a trusted one whom X-Forwarded-For does', () => {
    const announced = clientOf(PROXY, planned, { ...STRANGER, localAddress: '198.51.100.80', localPort: 443 });
    bench.resolve(announced, planned, ['Host: a', 'X-Forwarded-For: 198.51.100.1']);
    assert.equal(announced.remoteAddress, '192.0.2.7');
    assert.deepEqual([announced.localAddress, announced.localPort], ['198.51.100.80', 443]);
    const chained = clientOf(PROXY, planned, { ...PROXY, remoteAddress: '10.0.0.2' });
    bench.resolve(chained, planned, ['Host: a', 'X-Forwarded-For: 198.51.100.1']);
    assert.equal(chained.remoteAddress, '198.51.100.1');
  });

  test('changes from request to request, and says so', () => {
    const client = clientOf(PROXY, planned);
    assert.ok(bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 192.0.2.8']));
    assert.ok(!bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 192.0.2.8']));
    assert.ok(bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 192.0.2.9']));
    assert.ok(client.unresolve());
    assert.ok(!client.unresolve());
    assert.equal(client.remoteAddress, '10.0.0.1');
  });

  test('follows the plan on connections that are open', () => {
    const client = clientOf(PROXY, planned);
    bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 192.0.2.8']);
    const stricter = listener({}, { trustedProxies: ['10.0.0.2/32'] });
    assert.ok(bench.resolve(client, stricter, ['Host: a', 'X-Forwarded-For: 192.0.2.8']));
    assert.equal(client.remoteAddress, '10.0.0.1');
    bench.resolve(client, planned, ['Host: a', 'X-Forwarded-For: 192.0.2.8']);
    assert.equal(client.remoteAddress, '192.0.2.8');
  });

  test('does not walk for ever', () => {
    const client = clientOf(PROXY, planned);
    const chain = Array.from({ length: 1_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    bench.resolve(client, planned, ['Host: a', `X-Forwarded-For: 192.0.2.9, ${chain.join(', ')}`]);
    assert.equal(client.remoteAddress, chain.at(-64));
  });
});

describe('what targets are told', () => {
  const bench = new Bench();
  const lies = [
    'X-Forwarded-For: 203.0.113.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 1',
    'X-Forwarded-Host: liar',
    'X-Forwarded-LBIP: 203.0.113.2',
    'X-Forwarded-Client-Port: 2',
    'Forwarded: for=203.0.113.1',
  ];
  const truth = [
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Port: 8080',
    'X-Forwarded-LBIP: 127.77.0.1',
    'X-Forwarded-Client-Port: 40123',
    'X-Forwarded-Host: a.test:80',
    'Forwarded: by=127.77.0.1;for="192.0.2.7:40123";proto=http;host="a.test:80"',
  ];

  test('the address alone, unless more is asked for', () => {
    const planned = listener();
    const client = clientOf(STRANGER, planned);
    assert.deepEqual(bench.forward(client, planned, ['Host: a']), ['X-Forwarded-For: 192.0.2.7', 'Host: a']);
    assert.ok(client.lines.isConstant);
  });

  test('all there is, in place of what a client without trust says', () => {
    const planned = listener(ALL);
    const client = clientOf(STRANGER, planned);
    assert.deepEqual(bench.forward(client, planned, ['Host: a.test:80', ...lies, 'X: 1']), [
      ...truth,
      'Host: a.test:80',
      'X: 1',
    ]);
  });

  test('each by its switch, and lies of clients in none', () => {
    for (const [i, name] of (['protocol', 'port', 'loadBalancerAddress', 'clientPort', 'host'] as const).entries()) {
      const planned = listener({ clientAddress: 'off', [name]: true });
      const client = clientOf(STRANGER, planned);
      assert.deepEqual(bench.forward(client, planned, [...lies, 'Host: a.test:80']), [truth[i + 1], 'Host: a.test:80']);
    }
    const none = listener({ clientAddress: 'off' });
    assert.deepEqual(bench.forward(clientOf(STRANGER, none), none, [...lies, 'Host: a']), ['Host: a']);
  });

  test('what a trusted proxy said stays; lists get another element, gaps are filled', () => {
    const planned = listener(ALL);
    const client = clientOf(PROXY, planned);
    const said = [
      'X-Forwarded-For: 192.0.2.9',
      'X-Forwarded-Proto: https',
      'Forwarded: for=192.0.2.9;proto=https',
      'X-Forwarded-For: 10.1.2.3',
    ];
    assert.deepEqual(bench.forward(client, planned, ['Host: a', ...said]), [
      'X-Forwarded-For: 192.0.2.9, 10.1.2.3, 10.0.0.1',
      'X-Forwarded-Port: 8080',
      'X-Forwarded-LBIP: 127.77.0.1',
      'X-Forwarded-Host: a',
      'Forwarded: for=192.0.2.9;proto=https, by=127.77.0.1;for="10.0.0.1:5000";proto=http;host="a"',
      'Host: a',
      'X-Forwarded-Proto: https',
    ]);
  });

  test('X-Forwarded-For of a trusted proxy is replaced by the client alone, or left alone', () => {
    const replaced = listener({ clientAddress: 'replace' });
    const said = ['Host: a', 'X-Forwarded-For: 203.0.113.1, 192.0.2.9, 10.1.2.3'];
    assert.deepEqual(bench.forward(clientOf(PROXY, replaced), replaced, said), [
      'X-Forwarded-For: 192.0.2.9',
      'Host: a',
    ]);
    const off = listener({ clientAddress: 'off' });
    assert.deepEqual(bench.forward(clientOf(PROXY, off), off, said), said);
  });

  test('an open quote in Forwarded does not swallow what comes behind it', () => {
    const planned = listener({ clientAddress: 'off', standard: true });
    for (const [said, kept] of [
      ['for="open', ''],
      ['for="a\\"', ''],
      ['for="[2001:db8::9]:1"', 'for="[2001:db8::9]:1", '],
    ] as const) {
      assert.deepEqual(bench.forward(clientOf(PROXY, planned), planned, ['Host: a', `Forwarded: ${said}`]), [
        `Forwarded: ${kept}for=10.0.0.1;proto=http;host="a"`,
        'Host: a',
      ]);
    }
  });

  test('IPv6 in the form that each field wants', () => {
    const planned = listener({ ...ALL, clientPort: false });
    const six = { remoteAddress: '2001:db8::7', remotePort: 1, localAddress: '2001:db8::1', localPort: 443 };
    assert.deepEqual(bench.forward(clientOf(six, planned), planned, ['Host: a']), [
      'X-Forwarded-For: 2001:db8::7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Port: 443',
      'X-Forwarded-LBIP: 2001:db8::1',
      'X-Forwarded-Host: a',
      'Forwarded: by="[2001:db8::1]";for="[2001:db8::7]";proto=http;host="a"',
      'Host: a',
    ]);
  });

  test('what the client asked, where it said no Host', () => {
    const planned = listener({ host: true });
    assert.deepEqual(bench.forward(clientOf(STRANGER, planned), planned, [], '1.0'), [
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Host: 127.77.0.1:8080',
      'Host: 127.77.0.1:8080',
    ]);
  });

  test('cannot be taken away by Connection', () => {
    const planned = listener(ALL);
    const lines = bench.forward(clientOf(PROXY, planned), planned, [
      'Host: a',
      'Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded',
      'X-Forwarded-For: 192.0.2.9',
      'X-Forwarded-Proto: https',
    ]);
    assert.ok(lines.includes('X-Forwarded-For: 192.0.2.9, 10.0.0.1'));
    assert.ok(lines.includes('X-Forwarded-Proto: https'));
  });
});
