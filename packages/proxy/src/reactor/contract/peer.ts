import assert from 'node:assert/strict';
import { LARGE_SIZE, NO_BUFFER, RECEIVE_SIZE } from '../arena.ts';
import type {
  Closed,
  Connection,
  ConnectionHandler,
  Endpoint,
  ListenError,
  ListenerHandler,
  ListeningSocket,
  ListenOptions,
  Reactor,
} from '../reactor.ts';
import type { World } from './harness.ts';

/** Set while a test calls a reactor: no callback may come then. */
let calling = false;

/** Calls into a reactor and makes sure that it does not call back meanwhile. */
export function call<T>(action: () => T): T {
  const outer = calling;
  calling = true;
  try {
    return action();
  } finally {
    calling = outer;
  }
}

/** One end of a connection: remembers what happened, checks the rules of callbacks, and releases what it receives. */
export class Peer implements ConnectionHandler {
  readonly reactor: Reactor;
  connection!: Connection;
  /** `connected`, `end`, `deadline`, `closed`, in the order in which they came. */
  readonly events: string[] = [];
  /** Everything received, unless `check` is set. */
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  sentCalls = 0;
  closed: Closed | null = null;
  /** When it was closed, in the reactor's time. */
  closedAt = 0;
  /** Checks and forgets what comes, for large transfers: see `pattern`. */
  check = false;
  /** Called after what this class does. */
  whenReceived: (buffer: number, start: number, end: number) => void = () => {};
  whenSent: () => void = () => {};
  whenEnded: () => void = () => {};
  whenConnected: () => void = () => {};
  whenDeadline: () => void = () => {};
  whenClosed: () => void = () => {};
  /** Received buffers stay owned; the test releases them. */
  keep = false;

  constructor(reactor: Reactor) {
    this.reactor = reactor;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get ended(): boolean {
    return this.events.includes('end');
  }

  get isClosed(): boolean {
    return this.closed !== null;
  }

  /** Sends text from an arena buffer. */
  send(text: string): void {
    const { arena } = this.reactor;
    const buffer = arena.acquire();
    assert.notEqual(buffer, NO_BUFFER, 'a buffer to send from');
    const start = arena.base(buffer);
    arena.memory.set(Buffer.from(text, 'latin1'), start);
    call(() => this.connection.send(buffer, start, start + text.length));
  }

  onConnected(connection: Connection): void {
    this.#called(connection);
    this.events.push('connected');
    this.whenConnected();
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    this.#called(connection);
    const { arena } = this.reactor;
    assert.ok(!this.ended, 'no data after the end');
    assert.ok(end > start && end - start <= LARGE_SIZE, 'a range of a size that can be');
    assert.ok(start >= arena.base(buffer) && (buffer + 1 === arena.capacity || end <= arena.base(buffer + 1)));
    const data = Buffer.from(arena.memory.buffer, arena.memory.byteOffset + start, end - start);
    if (this.check) assert.ok(data.equals(pattern(this.receivedBytes, data.length)), 'the bytes that were sent');
    else this.chunks.push(Buffer.from(data));
    this.receivedBytes += data.length;
    this.whenReceived(buffer, start, end);
    if (!this.keep) arena.release(buffer);
  }

  onSent(connection: Connection): void {
    this.#called(connection);
    this.sentCalls++;
    this.whenSent();
  }

  onEnd(connection: Connection): void {
    this.#called(connection);
    assert.ok(!this.ended, 'one end');
    this.events.push('end');
    this.whenEnded();
  }

  onDeadline(connection: Connection): void {
    this.#called(connection);
    this.events.push('deadline');
    this.whenDeadline();
  }

  onClosed(connection: Connection, reason: Closed): void {
    this.#called(connection);
    this.closed = reason;
    this.closedAt = this.reactor.now;
    this.events.push('closed');
    this.whenClosed();
  }

  #called(connection: Connection): void {
    assert.ok(!calling, 'no callback from inside a call');
    assert.equal(this.closed, null, 'nothing is called after onClosed');
    if (this.connection !== undefined) assert.equal(connection, this.connection);
  }
}

const PERIOD = 251 * 256;
const endless = Buffer.alloc(
  PERIOD + LARGE_SIZE,
  Uint8Array.from({ length: PERIOD }, (_, i) => (i * 7 + (i >> 8)) & 255),
);

/** `length` (<= LARGE_SIZE) bytes of an endless sequence, from `at` on: what large transfers send. */
export function pattern(at: number, length: number): Buffer {
  return endless.subarray(at % PERIOD, (at % PERIOD) + length);
}

/** Sends `total` bytes of the pattern, keeping at most `window` bytes unsent, then calls `done`. */
export function pour(peer: Peer, total: number, window: number, done: () => void): void {
  const { arena } = peer.reactor;
  let at = 0;
  const more = (): void => {
    while (at < total && peer.connection.unsent < window && !peer.isClosed) {
      const buffer = arena.acquire();
      if (buffer === NO_BUFFER) return;
      const length = Math.min(RECEIVE_SIZE, total - at);
      const start = arena.base(buffer);
      arena.memory.set(pattern(at, length), start);
      at += length;
      call(() => peer.connection.send(buffer, start, start + length));
      if (at === total) done();
    }
  };
  peer.whenSent = more;
  more();
}

/** A listening socket and what came of it. */
export class Host implements ListenerHandler {
  readonly reactor: Reactor;
  socket: ListeningSocket | null = null;
  error: ListenError | null = null;
  readonly accepted: Peer[] = [];
  /** Called for each connection, before the reactor goes on. */
  whenAccepted: (peer: Peer) => void = () => {};

  constructor(reactor: Reactor, options: Partial<ListenOptions> = {}) {
    this.reactor = reactor;
    const defaults = { address: '127.0.0.1', port: 0, backlog: 1024, reusePort: false };
    call(() => reactor.listen({ ...defaults, ...options }, this));
  }

  onListening(socket: ListeningSocket): void {
    assert.ok(!calling, 'no callback from inside a call');
    this.socket = socket;
  }

  onFailed(_socket: ListeningSocket, error: ListenError): void {
    assert.ok(!calling, 'no callback from inside a call');
    this.error = error;
  }

  onAccept(connection: Connection): void {
    assert.ok(!calling, 'no callback from inside a call');
    const peer = new Peer(this.reactor);
    peer.connection = connection;
    connection.handler = peer;
    this.accepted.push(peer);
    this.whenAccepted(peer);
  }
}

/** A listening socket that is open. */
export async function host(world: World, reactor: Reactor, options: Partial<ListenOptions> = {}): Promise<Host> {
  const result = new Host(reactor, options);
  await world.until('listening', () => result.socket !== null || result.error !== null);
  assert.equal(result.error, null);
  return result;
}

/** Begins to connect. */
export function dial(reactor: Reactor, remote: Endpoint, from?: string): Peer {
  const peer = new Peer(reactor);
  peer.connection = call(() => reactor.connect(remote, peer, from));
  return peer;
}

/** Both ends of a connection that is up, and the host that is still listening. */
export async function pair(
  world: World,
  client: Reactor,
  server: Reactor,
  options: Partial<ListenOptions> = {},
): Promise<{ client: Peer; server: Peer; host: Host }> {
  const listening = await host(world, server, options);
  const peer = dial(client, endpointOf(listening));
  await world.until('a connection', () => peer.events.length > 0 && listening.accepted.length === 1);
  return { client: peer, server: listening.accepted[0], host: listening };
}

export function endpointOf(listening: Host): Endpoint {
  assert.ok(listening.socket !== null, 'the host listens');
  return listening.socket.endpoint;
}

/** Ends both sides in order and closes the listening socket. */
export async function finish(world: World, ...ends: readonly (Peer | Host)[]): Promise<void> {
  for (const end of ends) {
    if (end instanceof Host) call(() => end.socket?.close());
    else call(() => end.connection.end());
  }
  await world.until('both sides finished', () => ends.every((end) => end instanceof Host || end.isClosed));
}
