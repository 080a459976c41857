import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { Tables } from '../src/engine/tables.ts';
import { NO_BUFFER } from '../src/reactor/arena.ts';
import type { Connection, ConnectionHandler } from '../src/reactor/reactor.ts';
import { SimulatedNetwork } from '../src/reactor/simulated/network.ts';
import type { SimulatedReactor } from '../src/reactor/simulated/simulated-reactor.ts';
import { UNHANDLED } from '../src/reactor/unhandled.ts';
import { AccessLog } from '../src/telemetry/access-log.ts';
import { AccessLogRing } from '../src/telemetry/access-log-ring.ts';
import { SharedCounters } from '../src/telemetry/shared-counters.ts';
import { WorkerContext } from '../src/worker/context.ts';
import { Proxy } from '../src/worker/proxy.ts';
import { WorkerRows } from '../src/worker/worker-rows.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const MEGABIT = 125_000;
const TARGET = { address: '127.0.0.3', port: 9 };
const target = { id: 'tgt', ...TARGET, weight: 10, state: 'active', eligible: true } as const;
const text = (words: string) => Buffer.from(words, 'latin1');

/** A client that asks once, and counts what it gets. */
class Client implements ConnectionHandler {
  received = 0;
  isClosed = false;
  /** Of the answer. */
  status = '';
  readonly #reactor: SimulatedReactor;
  readonly #connection: Connection;

  constructor(reactor: SimulatedReactor, port: number, request: string) {
    this.#reactor = reactor;
    this.#connection = reactor.connect({ address: '127.0.0.1', port }, this);
    this.send(request);
  }

  send(words: string): void {
    const { start, end } = this.#reactor.arena.intern(text(words));
    this.#connection.send(NO_BUFFER, start, end);
  }

  leave(): void {
    this.#connection.abort();
  }

  onConnected(): void {}

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    const { arena } = this.#reactor;
    if (this.received === 0) this.status = Buffer.from(arena.memory.slice(start + 9, start + 12)).toString('latin1');
    this.received += end - start;
    arena.release(buffer);
  }

  onSent(): void {}
  onEnd(): void {}
  onDeadline(): void {}

  onClosed(): void {
    this.isClosed = true;
  }
}

/** One worker, and a target that answers whatever it is asked with a head and a body without end. */
class Node {
  readonly network = new SimulatedNetwork(1);
  readonly worker = this.#open('worker', '127.0.0.1');
  readonly clients = this.#open('clients', '127.0.0.2');
  readonly #counters = new SharedCounters(1);
  readonly #tables = new Tables(this.#counters, () => 0.5);
  readonly #proxy: Proxy;

  constructor() {
    const reactor = this.#open('target', TARGET.address);
    const body = reactor.arena.intern(new Uint8Array(32_768));
    const head = reactor.arena.intern(text('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n'));
    const more = (connection: Connection) => {
      while (connection.unsent < 65_536) connection.send(NO_BUFFER, body.start, body.end);
    };
    const answering: ConnectionHandler = {
      ...UNHANDLED,
      onReceive(connection, buffer) {
        reactor.arena.release(buffer);
        connection.send(NO_BUFFER, head.start, head.end);
        more(connection);
      },
      onSent: more,
    };
    const listening = {
      onListening() {},
      onFailed: () => assert.fail('the target listens'),
      onAccept(connection: Connection) {
        connection.handler = answering;
      },
    };
    reactor.listen({ ...TARGET, backlog: 10, reusePort: false }, listening);
    const context = new WorkerContext(this.worker, new AccessLog(AccessLogRing.create(), this.worker));
    this.#proxy = new Proxy(context, new WorkerRows(this.#counters.blocks(0)));
  }

  #open(label: string, address: string): SimulatedReactor {
    return this.network.createReactor({ label, address, buffers: 4_096, descriptors: 4_000 });
  }

  apply(protocol: 'http' | 'tcp', ...listeners: readonly PlannedListener[]): void {
    const shared = this.#tables.change(changeOf([serviceOf([target], { protocol })], listeners));
    let refused: readonly unknown[] | null = null;
    this.#proxy.apply(shared, (answer) => {
      refused = answer;
    });
    this.network.run(this.network.now + 1_000, () => refused !== null);
    assert.deepEqual(refused, []);
  }

  ask(port: number, count: number, request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'): Client[] {
    return Array.from({ length: count }, () => new Client(this.clients, port, request));
  }

  /** How often a listener has refused or lost something for want of bandwidth. */
  refused(listenerId: string): number {
    const found = this.#counters.read(0).listeners.find((listener) => listener.listenerId === listenerId);
    return found?.limits['bandwidth'] ?? 0;
  }

  /** Bytes that these have got in so many seconds from now. */
  measure(clients: readonly Client[], seconds: number): number[] {
    const before = clients.map(({ received }) => received);
    this.network.run(this.network.now + seconds * 1_000);
    return clients.map(({ received }, i) => received - before[i]!);
  }
}

const http = (bandwidth?: number, more: Partial<PlannedListener> = {}) =>
  listenerOf(80, { ...(bandwidth && { bandwidth }), ...more });
const tcp = (bandwidth?: number) =>
  listenerOf(90, { id: 'tcp', protocol: 'tcp', ...PLAIN_TCP_LISTENER, ...(bandwidth && { bandwidth }) });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('the bandwidth of a load balancer', () => {
  it('is kept over all its listeners, and each connection has the same of it', () => {
    const node = new Node();
    node.apply('http', http(8 * MEGABIT), listenerOf(81, { id: 'other', bandwidth: 8 * MEGABIT }));
    const clients = [...node.ask(80, 9), ...node.ask(81, 1)];
    node.measure(clients, 1);
    const shares = node.measure(clients, 5);
    const all = sum(shares);
    assert.ok(all >= 0.95 * 40 * MEGABIT && all <= 41 * MEGABIT, `${all} bytes in 5 s`);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 0.1 * (all / 10), shares.join());
  });

  it('is kept for connections without HTTP', () => {
    const node = new Node();
    node.apply('tcp', tcp(8 * MEGABIT));
    const clients = node.ask(90, 4);
    node.measure(clients, 1);
    const all = sum(node.measure(clients, 5));
    assert.ok(all >= 0.95 * 40 * MEGABIT && all <= 41 * MEGABIT, `${all} bytes in 5 s`);
  });

  it('is that of each load balancer for itself', () => {
    const node = new Node();
    const own = listenerOf(81, { id: 'other', loadBalancerId: 'lb-2', bandwidth: MEGABIT });
    node.apply('http', http(8 * MEGABIT), own);
    const [many, one] = [node.ask(80, 3), node.ask(81, 1)];
    node.measure([], 1);
    const [first, second] = [many, one].map((clients) => clients.map(({ received }) => received));
    node.measure([], 4);
    const of = (clients: readonly Client[], before: readonly number[]) =>
      sum(clients.map(({ received }, i) => received - before[i]!)) / 4 / MEGABIT;
    assert.ok(Math.abs(of(many, first!) - 8) < 0.4, `${of(many, first!)} Mbit/s`);
    assert.ok(Math.abs(of(one, second!) - 1) < 0.1, `${of(one, second!)} Mbit/s`);
  });

  it('may change while connections are open', () => {
    const node = new Node();
    node.apply('http', http());
    const clients = node.ask(80, 2);
    const free = sum(node.measure(clients, 0.1)) / 0.1;
    assert.ok(free > 100 * MEGABIT, `${free} bytes a second without a limit`);
    node.apply('http', http(8 * MEGABIT));
    node.measure(clients, 2);
    const limited = sum(node.measure(clients, 3)) / 3;
    assert.ok(Math.abs(limited / MEGABIT - 8) < 0.4, `${limited} bytes a second`);
    node.apply('http', http());
    const again = sum(node.measure(clients, 0.1)) / 0.1;
    assert.ok(again > 100 * MEGABIT, `${again} bytes a second after the limit`);
  });

  it('is no reason to cut clients off: time in which we held them up is not theirs', () => {
    const node = new Node();
    // 125,000 bytes a second for 100 clients are less than the 5,000 for each that the listener asks for.
    const limits = { ...STANDARD_LIMITS, sendTimeout: 1_000, minimumRate: 5_000 };
    node.apply('http', http(MEGABIT, { limits, idleTimeout: 60_000 }));
    const clients = node.ask(80, 100);
    node.measure(clients, 20);
    assert.equal(clients.filter(({ isClosed }) => isClosed).length, 0);
    const shares = node.measure(clients, 20);
    assert.ok(sum(shares) >= 0.9 * 20 * MEGABIT, `${sum(shares)} bytes in 20 s`);
    assert.ok(Math.min(...shares) > 0, 'nobody is forgotten');
  });

  it('leaves buffers for others: when too many wait, what is new for this load balancer is refused', () => {
    const node = new Node();
    const { arena } = node.worker;
    const waits = { idleTimeout: 60_000, headerTimeout: 60_000 };
    node.apply('http', http(MEGABIT, waits), listenerOf(81, { id: 'other', loadBalancerId: 'lb-2' }));
    const [late] = node.ask(80, 1, 'GET / HTTP/1.1\r\n');
    const clients: Client[] = [];
    for (let i = 0; i < 60; i++) {
      clients.push(...node.ask(80, 20));
      node.measure([], 0.06);
    }
    const used = 1 - arena.free / arena.capacity;
    assert.ok(used > 0.2 && used < 0.5, `${used} of the buffers are used`);
    // Beyond 256 at a time they are reset.
    const turnedAway = clients.filter(({ status, isClosed }) => status === '503' || (status === '' && isClosed));
    assert.ok(turnedAway.length >= 100, `${turnedAway.length} are turned away`);
    assert.equal(node.refused('lsn'), turnedAway.length);
    late!.send('Host: a\r\n\r\n');
    const others = node.ask(81, 5);
    node.measure([], 0.02);
    assert.deepEqual([...new Set(others.map(({ status }) => status))], ['200']);
    assert.equal(node.refused('lsn'), turnedAway.length + 1, 'a request of a connection that was there before');
    assert.equal(node.refused('other'), 0);
    for (const client of [...clients, ...others]) if (!client.isClosed) client.leave();
    node.measure([], 1);
    assert.equal(late!.status, '503');
    const [again] = node.ask(80, 1);
    node.measure([], 1);
    assert.equal(again!.status, '200');
  });
});
