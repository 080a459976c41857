import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closed, type Connection, type ConnectionHandler, TICK } from '../reactor.ts';
import { CALM, drawConditions, drawFaults, type NetworkConditions, NO_FAULTS } from './conditions.ts';
import { SimulatedNetwork } from './network.ts';
import { Random } from './random.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';

const MINUTE = 60_000;

/** Collects what arrives and writes down every callback. */
class Recorder implements ConnectionHandler {
  readonly events: string[] = [];
  received = '';
  connection: Connection | null = null;
  closed: Closed | null = null;
  readonly #reactor: SimulatedReactor;
  readonly #then: Partial<ConnectionHandler>;

  constructor(reactor: SimulatedReactor, then: Partial<ConnectionHandler> = {}) {
    this.#reactor = reactor;
    this.#then = then;
  }

  onConnected(connection: Connection): void {
    this.connection = connection;
    this.events.push('connected');
    this.#then.onConnected?.(connection);
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    this.received += Buffer.from(this.#reactor.arena.memory.subarray(start, end)).toString('latin1');
    if (this.events.at(-1) !== 'received') this.events.push('received');
    if (this.#then.onReceive) this.#then.onReceive(connection, buffer, start, end);
    else this.#reactor.arena.release(buffer);
  }

  onSent(connection: Connection): void {
    this.#then.onSent?.(connection);
  }

  onEnd(connection: Connection): void {
    this.events.push('end');
    this.#then.onEnd?.(connection);
  }

  onDeadline(connection: Connection): void {
    this.events.push('deadline');
    this.#then.onDeadline?.(connection);
  }

  onClosed(connection: Connection, reason: Closed): void {
    this.events.push('closed');
    this.closed = reason;
    this.#then.onClosed?.(connection, reason);
  }
}

interface Pair {
  readonly network: SimulatedNetwork;
  readonly near: SimulatedReactor;
  readonly far: SimulatedReactor;
}

function pair(seed = 1, conditions: NetworkConditions = CALM, trace: ((line: string) => void) | null = null): Pair {
  const network = new SimulatedNetwork(seed, conditions, trace);
  const near = network.createReactor({ label: 'near', address: '10.0.0.1', buffers: 8, descriptors: 100 });
  const far = network.createReactor({ label: 'far', address: '10.0.0.2', buffers: 8, descriptors: 100 });
  return { network, near, far };
}

function serve(
  reactor: SimulatedReactor,
  makeHandler: (connection: Connection) => ConnectionHandler,
  backlog = 10,
): void {
  reactor.listen(
    { address: '10.0.0.2', port: 80, backlog, reusePort: false },
    {
      onListening() {},
      onAccept: (connection) => {
        connection.handler = makeHandler(connection);
      },
      onFailed: (_socket, error) => assert.fail(error.message),
    },
  );
  reactor.network.run(reactor.network.now + 100);
}

function sendText(reactor: SimulatedReactor, connection: Connection, text: string): void {
  for (let at = 0; at < text.length; ) {
    const buffer = reactor.arena.acquire();
    assert.notEqual(buffer, -1, 'an arena too small for the test');
    const start = reactor.arena.base(buffer);
    const piece = text.slice(at, at + 16384);
    Buffer.from(piece, 'latin1').copy(reactor.arena.memory, start);
    connection.send(buffer, start, start + piece.length);
    at += piece.length;
  }
}

const REMOTE = { address: '10.0.0.2', port: 80 };
const TEXT = Array.from({ length: 9000 }, (_, i) => `${i};`).join('');

/** One connection that sends TEXT to an echo which ends when its peer has. */
function echo({ network, near, far }: Pair): Recorder {
  serve(
    far,
    () =>
      new Recorder(far, {
        onReceive: (connection, buffer, start, end) => connection.send(buffer, start, end),
        onEnd: (connection) => connection.end(),
      }),
  );
  const client = new Recorder(near, {
    onConnected: (connection) => {
      sendText(near, connection, TEXT);
      connection.end();
    },
  });
  near.connect(REMOTE, client);
  network.run(30 * MINUTE, () => near.open === 0 && far.open === 0);
  return client;
}

test('bytes come back whole and in order under whatever a network does to them', () => {
  for (let seed = 0; seed < 60; seed++) {
    const client = echo(pair(seed, drawConditions(new Random(seed))));
    assert.ok(client.received === TEXT, `seed ${seed}`);
    assert.equal(client.events.at(-1), 'closed');
    assert.equal(client.closed, Closed.finished);
  }
});

test('with faults a connection closes once, what arrived is a beginning of what was sent, and nothing leaks', () => {
  const reasons = new Set<Closed>();
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const made = pair(seed, drawConditions(random, drawFaults(random)));
    const client = echo(made);
    made.network.run(60 * MINUTE);
    assert.ok(TEXT.startsWith(client.received), `seed ${seed}`);
    assert.ok(client.events.filter((event) => event === 'closed').length <= 1, `seed ${seed}`);
    if (client.closed !== null) {
      reasons.add(client.closed);
      assert.equal(made.near.open, 0);
      assert.equal(made.near.arena.free, made.near.arena.capacity);
    }
  }
  const seen = [...reasons].sort();
  assert.deepEqual(seen, [Closed.finished, Closed.reset, Closed.refused, Closed.unreachable, Closed.timedOut]);
});

test('the same seed gives the same run, another seed another one', () => {
  const traceOf = (seed: number) => {
    const lines: string[] = [];
    echo(pair(seed, drawConditions(new Random(seed)), (line) => lines.push(line)));
    return lines.join('\n');
  };
  assert.equal(traceOf(11), traceOf(11));
  assert.notEqual(traceOf(11), traceOf(12));
});

test('connecting: refused where nobody listens, unreachable where nobody is', () => {
  const { network, near } = pair();
  const refused = new Recorder(near);
  const unreachable = new Recorder(near);
  near.connect({ address: '10.0.0.2', port: 81 }, refused);
  near.connect({ address: '10.9.9.9', port: 80 }, unreachable);
  assert.deepEqual(refused.events, [], 'nothing is called back from inside a call');
  network.run(1000);
  assert.equal(refused.closed, Closed.refused);
  assert.equal(unreachable.closed, Closed.unreachable);
});

test('a reader that pauses stops the sender at the size of the buffers between them', () => {
  const conditions = { ...CALM, sendBuffer: [4096, 4096], receiveBuffer: [4096, 4096] } as const;
  const { network, near, far } = pair(1, conditions);
  const reader = new Recorder(far);
  serve(far, (connection) => {
    connection.pause();
    reader.connection = connection;
    return reader;
  });
  const client = new Recorder(near, { onConnected: (connection) => sendText(near, connection, TEXT) });
  near.connect(REMOTE, client);
  network.run(MINUTE);
  assert.equal(reader.received, '');
  assert.equal(client.connection?.unsent, TEXT.length - 8192);
  reader.connection?.resume();
  network.run(2 * MINUTE);
  assert.ok(reader.received === TEXT);
  assert.equal(client.connection?.unsent, 0);
});

test('receiving waits while no buffer is free', () => {
  const { network, near, far } = pair();
  const held: number[] = [];
  const reader = new Recorder(far, { onReceive: (_connection, buffer) => void held.push(buffer) });
  serve(far, () => reader);
  near.connect(REMOTE, new Recorder(near, { onConnected: (connection) => sendText(near, connection, TEXT) }));
  while (far.arena.free > 1) far.arena.acquire();
  network.run(1000);
  assert.ok(reader.received.length <= 16384);
  assert.equal(far.arena.free, 0);
  assert.ok(network.faults.buffers > 0);
  network.run(MINUTE, () => {
    for (const buffer of held.splice(0)) far.arena.release(buffer);
    return reader.received.length === TEXT.length;
  });
  assert.ok(reader.received === TEXT);
});

test('without a descriptor connecting fails and accepting waits', () => {
  const network = new SimulatedNetwork(1);
  const near = network.createReactor({ label: 'near', address: '10.0.0.1', buffers: 4, descriptors: 3 });
  const far = network.createReactor({ label: 'far', address: '10.0.0.2', buffers: 4, descriptors: 2 });
  const accepted: Connection[] = [];
  serve(far, (connection) => {
    accepted.push(connection);
    return new Recorder(far);
  });
  const clients = [1, 2, 3, 4].map(() => new Recorder(near));
  for (const client of clients) near.connect(REMOTE, client);
  network.run(2000);
  assert.equal(clients[3]?.closed, Closed.exhausted);
  assert.equal(accepted.length, 1);
  accepted[0]?.abort();
  network.run(3000);
  assert.equal(clients[0]?.closed ?? clients[1]?.closed ?? clients[2]?.closed, Closed.reset);
  assert.equal(accepted.length, 2);
});

test('a peer that falls silent times out what it does not acknowledge, and is not noticed by who only waits', () => {
  const faults = { ...NO_FAULTS, giveUp: [30_000, 30_000] } as const;
  const { network, near, far } = pair(1, { ...CALM, faults });
  const waiting = new Recorder(far);
  serve(far, () => waiting);
  const client = new Recorder(near);
  near.connect(REMOTE, client);
  network.run(1000);
  network.links[0]?.silence();
  sendText(near, client.connection as Connection, 'anyone?');
  network.run(30_000);
  assert.equal(client.closed, null);
  network.run(10 * MINUTE);
  assert.equal(client.closed, Closed.timedOut);
  assert.deepEqual(waiting.events, []);
});

test('close resets a peer that still sends and may cost it the answer; a lingering close does not', () => {
  for (const lingering of [false, true]) {
    const { network, near, far } = pair(3, { ...CALM, resetPurges: true });
    serve(
      far,
      () =>
        new Recorder(far, {
          onReceive: (connection, buffer) => {
            far.arena.release(buffer);
            sendText(far, connection, 'enough');
            if (lingering) connection.closeLingering(5000);
            else connection.close();
          },
        }),
    );
    const client = new Recorder(near, {
      onConnected: (connection) => {
        sendText(near, connection, 'x');
        connection.pause();
        near.setTimer(20, () => {
          sendText(near, connection, TEXT);
          connection.end();
        });
        near.setTimer(40, () => connection.resume());
      },
    });
    near.connect(REMOTE, client);
    network.run(MINUTE);
    assert.equal(client.received, lingering ? 'enough' : '');
    assert.equal(client.closed, lingering ? Closed.finished : Closed.reset);
    assert.equal(near.open + far.open, 0);
  }
});

test('timers and deadlines fire once, never early and at most one tick late', () => {
  const { network, near, far } = pair();
  serve(far, () => new Recorder(far));
  const fired: [number, number][] = [];
  for (let delay = 1; delay < 40_000; delay += 977) {
    const due = network.now + delay;
    near.setTimer(delay, () => fired.push([due, near.now]));
  }
  const cancelled = near.setTimer(10, () => assert.fail('a cancelled timer fired'));
  cancelled.cancel();
  const moved = network.now + 5000;
  const client = new Recorder(near, {
    onConnected: (connection) => connection.setDeadline(network.now + 10),
    onDeadline: () => fired.push([moved, near.now]),
  });
  near.connect(REMOTE, client);
  network.run(network.now + 5);
  client.connection?.setDeadline(moved);
  network.run(MINUTE);
  assert.equal(fired.length, 42);
  for (const [due, at] of fired) assert.ok(at >= due && at <= due + TICK, `due ${due}, fired ${at}`);
  assert.equal(near.pendingTimers, 0);
});

test('a full backlog makes clients wait and then time out', () => {
  const { network, near } = pair();
  const far = network.createReactor({ label: 'busy', address: '10.0.0.3', buffers: 1, descriptors: 1 });
  far.listen(
    { address: '10.0.0.3', port: 80, backlog: 1, reusePort: false },
    { onListening() {}, onAccept() {}, onFailed() {} },
  );
  network.run(100);
  const clients = [1, 2].map(() => new Recorder(near));
  for (const client of clients) near.connect({ address: '10.0.0.3', port: 80 }, client);
  network.run(MINUTE);
  assert.deepEqual(clients.map((client) => client.closed).sort(), [null, Closed.timedOut].sort());
});

test('a port can be listened on twice only when both sides agree to share it', () => {
  const { network, far } = pair();
  const failures: string[] = [];
  const listen = (port: number, reusePort: boolean, address = '10.0.0.2') =>
    far.listen(
      { address, port, backlog: 1, reusePort },
      { onListening() {}, onAccept() {}, onFailed: (_socket, error) => failures.push(`${port} ${error.code}`) },
    );
  listen(1, true);
  listen(1, true);
  const alone = listen(2, false);
  listen(2, true);
  listen(3, false, '10.0.0.1');
  network.run(100);
  assert.deepEqual(failures, ['2 EADDRINUSE', '3 EADDRNOTAVAIL']);
  alone.close();
  listen(2, false);
  network.run(200);
  assert.equal(failures.length, 2);
});

test('an endless exchange without progress of time is reported as a livelock', () => {
  const { network } = pair();
  const again = () => void network.after(0, again);
  again();
  assert.throws(() => network.run(1), /livelock/);
});
