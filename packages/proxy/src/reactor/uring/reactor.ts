import { DEFAULT_BUFFERS, largeFor } from '../counted-arena.ts';
import type { DatagramHandler, DatagramOptions, DatagramSocket } from '../datagram.ts';
import { DatagramCalls } from '../ffi/datagram-calls.ts';
import { SystemError } from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import { AF_INET, AF_INET6, addressFamily } from '../ffi/sockaddr.ts';
import { openDatagram, openTransparent } from '../ffi/sockets.ts';
import { MappedArena } from '../mapped-arena.ts';
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
import { TimerWheel } from '../timer-wheel.ts';
import { WheelTimer } from '../wheel-timer.ts';
import { IORING_CQE_F_MORE } from './abi.ts';
import { UringConnection } from './connection.ts';
import { SockaddrPeer } from './datagram-peer.ts';
import { type DatagramContext, UringDatagramSocket } from './datagram-socket.ts';
import { type ListeningContext, UringListeningSocket } from './listening-socket.ts';
import { Kind, Operations } from './operations.ts';
import { ReceiveBuffers } from './receive-buffers.ts';
import { receiveLimits } from './receive-limits.ts';
import { type Remains, Trace } from './remains.ts';
import { Ring } from './ring.ts';
import { Slots } from './slots.ts';
import { SpareSockets } from './spare-sockets.ts';
import { SubmissionScratch } from './submission-scratch.ts';

export interface UringOptions {
  /** Ordinary buffers in the arena; 512 MiB of addresses by default. */
  readonly buffers?: number;
  /** An eventfd; `onWake` is called when somebody writes to it. Owned by the caller; -1 for none. */
  readonly wakeDescriptor?: number;
  /** Where word is left of what is open, from `newTrace`; nowhere by default. */
  readonly trace?: SharedArrayBuffer;
  /** Whether to use limited multishot receives; by default, when the kernel has them. */
  readonly limitedReceives?: boolean;
  /** Size of the submission ring, a power of two; the completion ring is eight times as large. */
  readonly submissions?: number;
  /**
   * Sockets of each family that are kept when their connection, made here, is aborted, for the next one; 0 by default. For
   * those who abort what they connect all the time. See `SpareSockets`. The trace knows nothing of them.
   */
  readonly spareSockets?: number;
}

/** Completions that find their ring full wait in the kernel; submissions that do are handed over early. */
const SUBMISSIONS = 2048;
const COMPLETIONS_PER_SUBMISSION = 8;

/** Accepting that stopped for want of descriptors is tried again after this long, or when one of ours is closed. */
const ACCEPT_RETRY = 100;

/** How often the relation of wall-clock and monotonic time is read, in milliseconds. */
const WALL_CLOCK_INTERVAL = 1000;

/** How long destroying waits for the kernel to give up what is in flight. */
const DESTROY_LIMIT = 5000;

/**
 * The reactor on Linux's io_uring. One turn: hand over everything prepared and wait, handle what completed, let timers
 * expire, settle what changed, lend buffers to the kernel. Nothing in the turn allocates per operation.
 *
 * It belongs to the thread that made it, which calls `turn` in a loop and does nothing else.
 */
export class UringReactor implements Reactor {
  readonly name = 'uring';
  readonly arena: MappedArena;
  now = performance.now();
  /** `stop` has been called. */
  stopped = false;
  /** Called on the reactor's thread, between callbacks, after somebody has written to the wake descriptor. */
  onWake: () => void = () => {};
  readonly #ring: Ring;
  readonly #trace: Trace;
  readonly #operations: Operations;
  readonly #buffers: ReceiveBuffers;
  readonly #wheel = new TimerWheel(this.now);
  readonly #connections = new Slots<UringConnection>();
  readonly #listeners = new Slots<UringListeningSocket>();
  readonly #datagrams = new Slots<UringDatagramSocket>();
  #datagramContext: DatagramContext | null = null;
  readonly #context: ListeningContext;
  /** By family. */
  readonly #spares: Readonly<Record<number, SpareSockets>>;
  readonly #wakeDescriptor: number;
  readonly #wakeBuffer: Mapping;
  readonly #unsettled = new SettleList();
  #starved: UringConnection[] = [];
  #parked: UringListeningSocket[] = [];
  #unparkTimer: Timer | null = null;
  #wallOffset = 0;
  #wallRead = -Infinity;
  #completing = false;
  #destroying = false;
  #silent = false;
  /** Operations, besides accepting, that have yet to end before everything is dropped. */
  #dropping = 0;

  /** Throws SystemError when the kernel has no io_uring for us, see `createReactor`. */
  constructor(options: UringOptions = {}) {
    const submissions = options.submissions ?? SUBMISSIONS;
    const buffers = options.buffers ?? DEFAULT_BUFFERS;
    this.arena = new MappedArena(buffers, largeFor(buffers));
    this.#ring = new Ring(submissions, submissions * COMPLETIONS_PER_SUBMISSION);
    try {
      this.#operations = new Operations(this.#ring, options.limitedReceives ?? receiveLimits(this.#ring));
      this.#buffers = new ReceiveBuffers(this.#ring, this.arena);
    } catch (error) {
      this.#ring.close();
      throw error;
    }
    this.#trace = new Trace(options.trace ?? null);
    this.#trace.begin();
    this.#context = this.#makeContext();
    const spare = options.spareSockets ?? 0;
    this.#spares = { [AF_INET]: new SpareSockets(AF_INET, spare), [AF_INET6]: new SpareSockets(AF_INET6, spare) };
    this.#wakeDescriptor = options.wakeDescriptor ?? -1;
    this.#wakeBuffer = Mapping.anonymous(4096);
    if (this.#wakeDescriptor >= 0) this.#awaitWake();
    this.#readWallClock();
  }

  get wallTime(): number {
    return this.now + this.#wallOffset;
  }

  get open(): number {
    return this.#connections.size + this.#datagrams.size;
  }

  /** For `Trace.clear`, on another thread, when this one is no more. */
  get remains(): Remains {
    // Only where they are: the mappings themselves would be sent to the other thread with all their bytes.
    const mappings = [...this.#ring.mappings, this.arena.mapping].map(({ address, size }) => ({ address, size }));
    return { ring: this.#ring.descriptor, mappings, places: this.#ring.places };
  }

  /** How often the kernel was entered: one per turn, and more when the submission ring was full. */
  get enters(): number {
    return this.#ring.enters;
  }

  listen(options: ListenOptions, handler: ListenerHandler): ListeningSocket {
    return new UringListeningSocket(this.#context, options, handler);
  }

  connect(remote: Endpoint, handler: ConnectionHandler, from = ''): Connection {
    if (from !== '') return this.#connect(openTransparent(from, remote.address, false), remote, handler);
    const spares = this.#spares[addressFamily(remote.address)] ?? null;
    return this.#connect(spares === null ? { code: 'EINVAL' } : spares.open(), remote, handler, spares);
  }

  /**
   * Exchanges datagrams with one peer as if over a connection: `onReceive` brings each whole, up to the size of a buffer,
   * an error that the peer or a router sends back ends it, and an empty datagram counts as the end.
   */
  connectDatagram(remote: Endpoint, handler: ConnectionHandler): Connection {
    const family = addressFamily(remote.address);
    return this.#connect(family === 0 ? { code: 'EINVAL' } : openDatagram(family), remote, handler);
  }

  openDatagrams(options: DatagramOptions, handler: DatagramHandler): DatagramSocket {
    const socket = new UringDatagramSocket(this.#datagramsContext, options, handler);
    if (this.#destroying) socket.close();
    return socket;
  }

  get datagramMemory(): Uint8Array {
    return this.#datagramsContext.calls.memory;
  }

  get #datagramsContext(): DatagramContext {
    if (this.#datagramContext !== null) return this.#datagramContext;
    const calls = new DatagramCalls();
    this.#datagramContext = {
      calls,
      peer: new SockaddrPeer(calls.from),
      operations: this.#operations,
      slots: this.#datagrams,
      trace: this.#trace,
      unsettle: (item) => this.unsettle(item),
    };
    return this.#datagramContext;
  }

  #connect(
    opened: { readonly descriptor: number } | { readonly code: string },
    remote: Endpoint,
    handler: ConnectionHandler,
    spares: SpareSockets | null = null,
  ): Connection {
    const descriptor = 'descriptor' in opened ? opened.descriptor : -1;
    const connection = new UringConnection(this.#context, descriptor, handler, remote, spares);
    if ('code' in opened) connection.failConnect(opened.code);
    else if (this.#destroying) connection.abort();
    else {
      const { address, size } = this.#context.scratch.sockaddr(remote);
      connection.startConnect(address, size);
    }
    return connection;
  }

  setTimer(delay: number, callback: () => void): Timer {
    return new WheelTimer(this.#wheel, this.now + delay, callback);
  }

  unsettle(item: Unsettled): void {
    this.#unsettled.add(item);
  }

  /** Asks whoever runs the reactor to end after this turn and destroy it. */
  stop(): void {
    this.stopped = true;
  }

  /** One turn of the loop. Waits for something to do, for at most `limit` milliseconds (Infinity: as long as it takes). */
  turn(limit: number): void {
    const idle = this.#unsettled.isEmpty ? this.#wheel.nextAt() - performance.now() : 0;
    this.#ring.submitAndWait(Math.max(0, Math.min(limit, idle)));
    this.now = performance.now();
    if (this.now - this.#wallRead > WALL_CLOCK_INTERVAL) this.#readWallClock();
    this.#complete();
    this.#wheel.advance(this.now);
    this.#unsettled.settle();
    this.#buffers.refill();
    if (this.#starved.length > 0 && this.#buffers.waiting > 0) {
      this.#feed();
      this.#unsettled.settle();
    }
  }

  /**
   * Aborts every connection, closes every listening socket and frees everything. Handlers are told (`onClosed`), so that
   * they release their buffers, unless `silently`: for the case that one of them has thrown. Not to be called by them.
   */
  destroy(silently = false): void {
    if (this.#completing) throw new Error('a reactor is not destroyed by one of its callbacks');
    this.#destroying = true;
    if (silently) this.#dropAll();
    else this.#closeAll();
    for (const spares of Object.values(this.#spares)) spares.closeAll();
    this.#ring.submit();
    this.#ring.close();
    this.#trace.end();
    this.#buffers.reclaim();
    this.arena.discard();
  }

  #closeAll(): void {
    for (const socket of this.#listeners.all()) socket.close();
    const end = performance.now() + DESTROY_LIMIT;
    while ((this.open > 0 || this.#listeners.size > 0) && performance.now() < end) {
      for (const connection of this.#connections.all()) connection.abort();
      for (const socket of this.#datagrams.all()) socket.close();
      this.turn(10);
    }
  }

  /**
   * Gives up descriptors without a word, those of connections that the kernel is just accepting included. An operation in
   * flight keeps its socket open behind the descriptor, and the ring outlives this thread: its memory stays mapped until
   * the process ends. So each of them is cancelled and waited for.
   */
  #dropAll(): void {
    const sockets = this.#listeners.all();
    for (const socket of sockets) socket.drop();
    for (const connection of this.#connections.all()) this.#dropping += connection.drop();
    for (const socket of this.#datagrams.all()) this.#dropping += socket.drop();
    if (this.#wakeDescriptor >= 0) {
      this.#dropping++;
      this.#operations.cancel(0, Kind.wake);
    }
    this.#silent = true;
    const end = performance.now() + DESTROY_LIMIT;
    while ((this.#dropping > 0 || sockets.some((socket) => socket.accepting)) && performance.now() < end) {
      this.#ring.submitAndWait(10);
      this.#complete();
    }
  }

  #complete(): void {
    const ring = this.#ring;
    const { words, completions, completionMask } = ring;
    const trace = this.#trace;
    const tail = ring.loadTail();
    let head = ring.head;
    this.#completing = true;
    try {
      while (head !== tail) {
        const at = completions + ((head & completionMask) << 2);
        head = (head + 1) | 0;
        // A handler may hang, and those that this thread was told of and has not come to would be open for ever.
        trace.handles(head);
        this.#dispatch(words[at + 1] as Kind, words[at], words[at + 2], words[at + 3]);
      }
    } finally {
      // Once for all of them: the store is a full fence, and the ring has room for many turns. Also when a handler has
      // thrown: a completion that was seen twice would close the descriptor of somebody else.
      ring.storeHead(head);
      this.#completing = false;
    }
  }

  #dispatch(kind: Kind, slot: number, result: number, flags: number): void {
    if (this.#silent && kind !== Kind.accept) {
      if (kind !== Kind.none && (flags & IORING_CQE_F_MORE) === 0) this.#dropping--;
      return;
    }
    switch (kind) {
      case Kind.receive:
        this.#connections.get(slot).receiveCompleted(result, flags);
        return;
      case Kind.send:
        this.#connections.get(slot).sendCompleted(result);
        return;
      case Kind.poll:
        this.#datagrams.get(slot).pollCompleted();
        return;
      case Kind.accept:
        this.#listeners.get(slot).acceptCompleted(result, flags);
        return;
      case Kind.connect:
        this.#connections.get(slot).connectCompleted(result);
        return;
      case Kind.disconnect:
        this.#connections.get(slot).disconnectCompleted(result);
        return;
      case Kind.wake:
        if (result < 0) throw new SystemError('reading the wake descriptor', -result);
        this.#awaitWake();
        this.onWake();
        return;
      case Kind.none:
        return;
    }
  }

  /** Lets as many go on as there are buffers, those first who have waited longest. */
  #feed(): void {
    for (const connection of this.#starved.splice(0, this.#buffers.waiting)) connection.fed();
  }

  #park(socket: UringListeningSocket): void {
    this.#parked.push(socket);
    this.#unparkTimer ??= this.setTimer(ACCEPT_RETRY, () => this.#unpark());
  }

  #unpark(): void {
    this.#unparkTimer?.cancel();
    this.#unparkTimer = null;
    const parked = this.#parked;
    this.#parked = [];
    for (const socket of parked) socket.resumeAccepting();
  }

  #awaitWake(): void {
    this.#operations.read(0, this.#wakeDescriptor, this.#wakeBuffer.address, 8);
  }

  #readWallClock(): void {
    this.#wallRead = this.now;
    this.#wallOffset = Date.now() - performance.now();
  }

  #makeContext(): ListeningContext {
    return {
      arena: this.arena,
      wheel: this.#wheel,
      clock: this,
      operations: this.#operations,
      scratch: new SubmissionScratch(this.#ring),
      buffers: this.#buffers,
      slots: this.#connections,
      trace: this.#trace,
      listeners: this.#listeners,
      unsettle: (item) => this.unsettle(item),
      starve: (connection) => {
        this.#starved.push(connection);
      },
      descriptorFreed: () => {
        if (this.#parked.length > 0) this.#unpark();
      },
      park: (socket) => this.#park(socket),
    };
  }
}
