import { createSocket } from 'node:dgram';
import { connect, isIP, Socket, type TcpSocketConnectOpts } from 'node:net';
import { DEFAULT_BUFFERS } from '../counted-arena.ts';
import {
  DATAGRAM_HEADROOM,
  DATAGRAM_SIZE,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramSocket,
} from '../datagram.ts';
import { openTransparent } from '../ffi/sockets.ts';
import type {
  Connection,
  ConnectionHandler,
  Endpoint,
  ListenerHandler,
  ListeningSocket,
  ListenOptions,
  Reactor,
  Timer,
  Unsettled,
} from '../reactor.ts';
import { SettleList } from '../settle-list.ts';
import type { StreamConnection } from '../stream-connection.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { WheelTimer } from '../wheel-timer.ts';
import { PortableArena } from './arena.ts';
import { PortableConnection } from './connection.ts';
import { DatagramConnection } from './datagram-connection.ts';
import { PortableDatagramSocket } from './datagram-socket.ts';
import { type ListeningContext, PortableListeningSocket } from './listening-socket.ts';

export interface PortableOptions {
  /** Buffers in the arena; 512 MiB of addresses by default. */
  readonly buffers?: number;
}

/**
 * The reactor on Node's own event loop: anywhere Node runs, with the rules of the others. It runs as long as the thread's
 * loop does. A turn is one event of that loop and the microtasks behind it.
 */
export class PortableReactor implements Reactor {
  readonly name = 'portable';
  readonly arena: PortableArena;
  /** Resolves when `stop` has been called. */
  readonly stopped: Promise<void>;
  /** Asks whoever runs the reactor to end and destroy it. */
  readonly stop: () => void;
  readonly #wheel = new TimerWheel(performance.now());
  readonly #connections = new Set<StreamConnection>();
  readonly #listeners = new Set<PortableListeningSocket>();
  readonly #datagrams = new Set<PortableDatagramSocket>();
  #datagramMemory: Uint8Array | null = null;
  readonly #context: ListeningContext;
  readonly #unsettled = new SettleList();
  readonly #starved: PortableConnection[] = [];
  #now = 0;
  #fresh = false;
  #timeout: NodeJS.Timeout | null = null;
  #destroying = false;

  constructor(options: PortableOptions = {}) {
    this.arena = new PortableArena(options.buffers ?? DEFAULT_BUFFERS);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.stop = resolve;
    this.#wheel.onEarlier = () => this.#schedule();
    this.#context = {
      arena: this.arena,
      wheel: this.#wheel,
      clock: this,
      connections: this.#connections,
      listeners: this.#listeners,
      unsettle: (item) => this.unsettle(item),
      starve: (connection) => this.#starve(connection),
    };
  }

  get now(): number {
    if (!this.#fresh) {
      this.#now = performance.now();
      this.#fresh = true;
      queueMicrotask(this.#endTurn);
    }
    return this.#now;
  }

  get wallTime(): number {
    return Date.now();
  }

  get open(): number {
    return this.#connections.size + this.#datagrams.size;
  }

  listen(options: ListenOptions, handler: ListenerHandler): ListeningSocket {
    return new PortableListeningSocket(this.#context, options, handler);
  }

  connect(remote: Endpoint, handler: ConnectionHandler, from = ''): Connection {
    const { address, port } = remote;
    if (isIP(address) === 0 || this.#destroying) {
      const connection = new PortableConnection(this.#context, new Socket(), handler, remote);
      if (this.#destroying) connection.abort();
      else connection.failConnect('EINVAL');
      return connection;
    }
    const to = { host: address, port, noDelay: true, autoSelectFamily: false };
    if (from !== '') return this.#connectFrom(from, remote, to, handler);
    return new PortableConnection(this.#context, connect({ ...to, allowHalfOpen: true }), handler, remote);
  }

  /** Exchanges datagrams with one peer as if over a connection; see the reactor on io_uring. */
  connectDatagram(remote: Endpoint, handler: ConnectionHandler): Connection {
    const version = isIP(remote.address);
    if (version === 0 || this.#destroying) return this.connect(remote, handler);
    return new DatagramConnection(this.#context, createSocket(version === 6 ? 'udp6' : 'udp4'), handler, remote);
  }

  openDatagrams(options: DatagramOptions, handler: DatagramHandler): DatagramSocket {
    const socket = new PortableDatagramSocket({ memory: this.datagramMemory, open: this.#datagrams }, options, handler);
    if (this.#destroying) socket.close();
    return socket;
  }

  get datagramMemory(): Uint8Array {
    return (this.#datagramMemory ??= new Uint8Array(DATAGRAM_HEADROOM + DATAGRAM_SIZE));
  }

  /** Node binds no foreign address by itself: it is given a socket that is bound already. */
  #connectFrom(from: string, remote: Endpoint, to: TcpSocketConnectOpts, handler: ConnectionHandler): Connection {
    const opened = openTransparent(from, remote.address, true);
    const options = { allowHalfOpen: true, readable: true, writable: true, manualStart: true };
    const socket = new Socket('descriptor' in opened ? { ...options, fd: opened.descriptor } : options);
    const connection = new PortableConnection(this.#context, socket, handler, remote);
    if ('code' in opened) connection.failConnect(opened.code);
    else socket.connect(to);
    return connection;
  }

  setTimer(delay: number, callback: () => void): Timer {
    return new WheelTimer(this.#wheel, this.now + delay, callback);
  }

  unsettle(item: Unsettled): void {
    if (this.#unsettled.isEmpty) queueMicrotask(this.#settle);
    this.#unsettled.add(item);
  }

  /** Aborts every connection, closes every listening socket, tells the handlers and ends the timers. */
  async destroy(): Promise<void> {
    this.#destroying = true;
    for (const socket of this.#listeners) socket.close();
    while (this.open > 0 || this.#listeners.size > 0) {
      for (const connection of this.#connections) connection.abort();
      for (const socket of this.#datagrams) socket.close();
      await new Promise(setImmediate);
    }
    this.#wheel.onEarlier = () => {};
    if (this.#timeout !== null) clearTimeout(this.#timeout);
  }

  readonly #endTurn = (): void => {
    this.#fresh = false;
  };

  readonly #settle = (): void => this.#unsettled.settle();

  #starve(connection: PortableConnection): void {
    this.#starved.push(connection);
    this.arena.onRelease = this.#released;
  }

  readonly #released = (): void => {
    if (!this.arena.hasRoom) return;
    this.arena.onRelease = null;
    queueMicrotask(this.#feed);
  };

  /** Lets those go on who wait for buffers, as far as there are some, those first who have waited longest. */
  readonly #feed = (): void => {
    while (this.arena.hasRoom) {
      const connection = this.#starved.shift();
      if (connection === undefined) return;
      connection.fed();
    }
    if (this.#starved.length > 0) this.arena.onRelease = this.#released;
  };

  #schedule(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    const at = this.#wheel.nextAt();
    if (at === Infinity) this.#timeout = null;
    else this.#timeout = setTimeout(this.#expire, Math.max(1, Math.ceil(at - performance.now())));
  }

  readonly #expire = (): void => {
    this.#timeout = null;
    this.#wheel.advance(this.now);
    this.#schedule();
  };
}
