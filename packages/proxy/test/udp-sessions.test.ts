import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineChange } from '../src/engine/engine.ts';
import { Tables } from '../src/engine/tables.ts';
import { NodeSockets } from '../src/overload/node-sockets.ts';
import { DATAGRAM_HEADROOM, type DatagramSocket } from '../src/reactor/datagram.ts';
import { SimulatedNetwork } from '../src/reactor/simulated/network.ts';
import type { SimulatedReactor } from '../src/reactor/simulated/simulated-reactor.ts';
import { AccessLog } from '../src/telemetry/access-log.ts';
import { AccessLogRing } from '../src/telemetry/access-log-ring.ts';
import type { ListenerCounters } from '../src/telemetry/counters.ts';
import { SharedCounters } from '../src/telemetry/shared-counters.ts';
import { WorkerContext } from '../src/worker/context.ts';
import { Proxy } from '../src/worker/proxy.ts';
import { WorkerRows } from '../src/worker/worker-rows.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** Of the process; 256 of them are for other things than connections. */
const DESCRIPTORS = 256 + 64;
const IDLE = 5_000;
const SILENT = { onOpen() {}, onFailed() {}, onDatagram() {}, onError() {} };

/** One worker of a node with few descriptors, a client and a target that is silent, in a calm network. */
class Node {
  readonly network = new SimulatedNetwork(1);
  readonly worker = this.#open('worker', '127.0.0.1');
  readonly client = this.#open('client', '127.0.0.2');
  readonly #counters = new SharedCounters(1);
  readonly #tables = new Tables(this.#counters, () => 0.5);
  readonly #proxy: Proxy;

  constructor() {
    const { worker } = this;
    this.#open('target', '127.0.0.3').openDatagrams({ local: TARGET, remote: null, reusePort: false }, SILENT);
    const log = new AccessLog(AccessLogRing.create(), worker);
    const context = new WorkerContext(worker, log, new NodeSockets(new Int32Array(1), 0, DESCRIPTORS));
    this.#proxy = new Proxy(context, new WorkerRows(this.#counters.blocks(0)));
  }

  #open(label: string, address: string): SimulatedReactor {
    return this.network.createReactor({ label, address, buffers: 64, descriptors: 1_000 });
  }

  /** Returns why listeners were refused, once the worker has answered. */
  apply(change: EngineChange): readonly string[] {
    const shared = this.#tables.change(change);
    let codes: string[] | null = null;
    this.#proxy.apply(shared, (refused) => {
      codes = refused.map(({ code }) => code);
    });
    this.network.run(this.network.now + 1_000, () => codes !== null);
    this.#tables.retire(shared);
    assert.ok(codes !== null);
    return codes;
  }

  /** So many clients send a datagram each to a port. */
  greet(port: number, count: number): void {
    const remote = { address: '127.0.0.1', port };
    const sockets = Array.from({ length: count }, () => {
      return this.client.openDatagrams({ local: null, remote, reusePort: false }, SILENT);
    });
    for (const socket of sockets) this.say(socket);
    this.network.run(this.network.now + 100);
  }

  say(socket: DatagramSocket): void {
    socket.send(DATAGRAM_HEADROOM, DATAGRAM_HEADROOM + 10, null);
  }

  counters(id: string): ListenerCounters {
    return this.#counters.read(0).listeners.find(({ listenerId }) => listenerId === id)!;
  }
}

const TARGET = { address: '127.0.0.3', port: 9 };
const target = { id: 'tgt', ...TARGET, weight: 10, state: 'active', eligible: true } as const;
const service = serviceOf([target], { protocol: 'udp' });
const udp = (id: string, port: number) => listenerOf(port, { id, protocol: 'udp', http: null, idleTimeout: IDLE });

describe('sessions of UDP', () => {
  it('of one listener leave some to others, and those of all leave half of the node to connections', () => {
    const node = new Node();
    assert.deepEqual(node.apply(changeOf([service], [udp('one', 5001), udp('two', 5002)])), []);
    node.greet(5001, 40);
    const { activeConnections, limits, datagrams } = node.counters('one');
    assert.deepEqual([activeConnections, limits, datagrams.lost], [24, { 'udp-sessions': 16 }, 16]);
    node.greet(5002, 10);
    assert.deepEqual([node.counters('two').activeConnections, node.counters('two').limits], [8, { 'udp-sessions': 2 }]);
    node.network.run(node.network.now + 2 * IDLE);
    assert.equal(node.counters('one').activeConnections, 0);
    node.greet(5002, 30);
    assert.equal(node.counters('two').activeConnections, 24, 'places that were given back are there for anybody');
  });

  it('go on where they are when a change of the listener is refused for its connections', () => {
    const node = new Node();
    const both = (port: number) => ({ ...udp('both', port), protocol: 'tcp-udp' as const });
    assert.deepEqual(node.apply(changeOf([serviceOf([target], { protocol: 'tcp-udp' })], [both(5001)])), []);
    node.greet(5001, 3);
    const taken = { address: '127.0.0.1', port: 5002, backlog: 1, reusePort: false };
    node.worker.listen(taken, { onListening() {}, onFailed: () => assert.fail('taken'), onAccept() {} });
    node.network.run(node.network.now + 100);
    assert.deepEqual(node.apply(changeOf([], [both(5002)])), ['address-in-use']);
    assert.equal(node.counters('both').activeConnections, 3);
    node.greet(5001, 1);
    node.greet(5002, 1);
    assert.equal(node.counters('both').activeConnections, 4, 'it receives where it did, and nowhere else');
  });
});

describe('limits of sources of UDP', () => {
  it('drop datagrams and sessions beyond them, and count which it was', () => {
    const node = new Node();
    const rate = (burst: number) => ({ perSecond: 1, burst });
    const sourceLimits = { connections: rate(3), requests: null, packets: rate(10) };
    assert.deepEqual(node.apply(changeOf([service], [{ ...udp('one', 5001), sourceLimits }])), []);
    node.greet(5001, 5);
    const { activeConnections, limits, datagrams } = node.counters('one');
    assert.deepEqual([activeConnections, limits], [3, { 'source-connections-per-second': 2 }]);
    assert.deepEqual([datagrams.received, datagrams.lost], [3, 2]);
    // Five of the ten packets are left, and none of the connections.
    node.greet(5001, 8);
    assert.deepEqual(node.counters('one').limits, {
      'source-connections-per-second': 7,
      'source-packets-per-second': 3,
    });
  });
});
