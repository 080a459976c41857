import type { TlsInfo } from '../tls/tls-info.ts';
import type { Arena } from './arena.ts';
import type { DatagramHandler, DatagramOptions, DatagramSocket } from './datagram.ts';
import type { Pacer } from './pacer.ts';

/**
 * The small world that protocol code sees: listen, connect, receive, send, half-close, abort, timers, clock. Everything
 * is synchronous and callback-style; a reactor calls back on its own thread, one callback at a time, and never from
 * inside a call that protocol code makes to it (a `send` that fails reports later, by `onClosed`).
 */
export interface Reactor {
  readonly name: ReactorName;
  readonly arena: Arena;
  /** Monotonic milliseconds, with fraction, read once at the start of a turn. */
  readonly now: number;
  /** Unix time in milliseconds that belongs to `now`. */
  readonly wallTime: number;
  /** Connections whose `onClosed` has not been called yet, and datagram sockets. */
  readonly open: number;
  /** Opens a listening socket; the outcome comes as `onListening` or `onFailed`. */
  listen(options: ListenOptions, handler: ListenerHandler): ListeningSocket;
  /**
   * Begins to connect; the outcome comes as `onConnected` or `onClosed`. What is sent before goes out when it is up.
   * `from`: the address that it is to come from, which need not be this node's (IP_TRANSPARENT, with CAP_NET_ADMIN);
   * the system chooses by default.
   */
  connect(remote: Endpoint, handler: ConnectionHandler, from?: string): Connection;
  /** Opens a datagram socket; the outcome comes as `onOpen` or `onFailed`. */
  openDatagrams(options: DatagramOptions, handler: DatagramHandler): DatagramSocket;
  /** Where datagrams are received, one at a time, and sent from; see datagram.ts. */
  readonly datagramMemory: Uint8Array;
  /** Calls back once after `delay` milliseconds, not earlier and at most one wheel tick (`TICK`) later. */
  setTimer(delay: number, callback: () => void): Timer;
  /** Has `item` settled at the end of the turn, outside of any call by protocol code; once for each call. */
  unsettle(item: Unsettled): void;
}

/** Something that has work for the end of the turn. */
export interface Unsettled {
  settle(): void;
}

export const REACTOR_NAMES = ['uring', 'portable', 'simulated'] as const;
export type ReactorName = (typeof REACTOR_NAMES)[number];

/** Resolution of deadlines and timers, in milliseconds. */
export const TICK = 16;

export interface Timer {
  cancel(): void;
}

export interface Endpoint {
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
}

export interface ListenOptions extends Endpoint {
  readonly backlog: number;
  /** Several reactors of this user may listen on the same address and port; the kernel spreads connections (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /**
   * A socket that listens there already, to accept from in place of a new one. It stays the caller's, who closes it after
   * this one has ended, and others may accept from it too. Closing here ends the accepting alone: connections that wait
   * in the socket stay there for the others, and one that was being accepted may still be told of.
   */
  readonly descriptor?: number;
}

export interface ListenerHandler {
  onListening(socket: ListeningSocket): void;
  /** A client has connected. Set `connection.handler` before returning; nothing is delivered before that. */
  onAccept(connection: Connection, socket: ListeningSocket): void;
  /** The socket could not be opened. */
  onFailed(socket: ListeningSocket, error: ListenError): void;
}

export interface ListeningSocket {
  /** The bound address; `port` is the real one when 0 was asked for. */
  readonly endpoint: Endpoint;
  /** Stops accepting and closes the socket, if it was opened here; connections that were accepted live on. */
  close(): void;
}

/** Why a listening socket could not be opened; `code` is the system's name, such as EADDRINUSE. */
export interface ListenError {
  readonly code: string;
  readonly message: string;
}

/** What is known of bytes that were sent: whether they have come to the peer's system. */
export const Arrival = {
  /** None of them has, and none will: nobody can have read one. */
  none: 0,
  /** Some have, so that the peer may have read them. */
  some: 1,
  /** It is not known yet. */
  open: 2,
  /** It will not be known. */
  unknown: 3,
} as const;
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

/** Why a connection is gone. */
export const Closed = {
  /** `close` or `abort` was called here. */
  local: 0,
  /** Both sides had ended. */
  finished: 1,
  /** The peer reset it, or data was sent after the peer was gone (ECONNRESET, EPIPE). */
  reset: 2,
  /** Nobody listens there (ECONNREFUSED). */
  refused: 3,
  /** No way there (ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL …). */
  unreachable: 4,
  /** The kernel gave up waiting for the peer (ETIMEDOUT). */
  timedOut: 5,
  /** This process is out of descriptors, memory or local ports (EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL on connect). */
  exhausted: 6,
  /** Anything else. */
  failed: 7,
  /** TLS did not come about. */
  handshake: 8,
} as const;
export type Closed = (typeof Closed)[keyof typeof Closed];

export interface ConnectionHandler {
  /** An outgoing connection is up. */
  onConnected(connection: Connection): void;
  /** Bytes memory[start, end) of `buffer` have arrived; the handler now owns one count of the buffer. end > start. */
  onReceive(connection: Connection, buffer: number, start: number, end: number): void;
  /** A send has been handed over whole; `connection.unsent` has shrunk. */
  onSent(connection: Connection): void;
  /** The peer will send no more (FIN). Sending is still possible. At most once. */
  onEnd(connection: Connection): void;
  /** `setDeadline` has passed; the deadline is cleared first. */
  onDeadline(connection: Connection): void;
  /** The connection is gone: exactly once per connection, and nothing is called for it afterwards. */
  onClosed(connection: Connection, reason: Closed): void;
}

export interface Connection {
  /** Whom to call; may be exchanged at any time. */
  handler: ConnectionHandler;
  /**
   * Whether ranges that arrive may be longer than RECEIVE_SIZE, up to LARGE_SIZE, when much arrives at once: for those who
   * pass bytes on as they are. False at first.
   */
  largeReceives: boolean;
  /** By which its bytes go out; null at first: as they are sent. */
  pacer: Pacer | null;
  /** Milliseconds so far for which its pacer has kept it from sending. */
  readonly heldBack: number;
  /** It waits for its pacer with as much as it may send at its turn: nothing more should be given to it for now. */
  readonly isSated: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The address that the client asked for (accepted connections), or the local one. */
  readonly localAddress: string;
  readonly localPort: number;
  /** What TLS has settled; null on a plain connection, and before the handshake is done. */
  readonly tls: TlsInfo | null;
  /** Smoothed round trip to the peer in microseconds, as the system has it now; -1: it cannot be asked. Costs a system call. */
  roundTrip(): number;
  /** Bytes queued by `send` that have not been handed over yet. */
  readonly unsent: number;
  /** Bytes that have been handed over since the connection began. */
  readonly handedOver: number;
  /**
   * What has become of everything that was sent behind the first `mark` bytes (`handedOver` of an earlier moment), for
   * whoever aborts the connection if that is `none`. Costs a system call.
   *
   * It is `none` for what was never handed over, and for what the system of a peer that had ended before refuses (RST)
   * without having acknowledged any of it: the end (FIN) acknowledges all that the peer had read by then (RFC 9293 section
   * 3.4). A reset alone proves nothing, as it may overtake the acknowledgement of what the peer has read.
   */
  arrivalBehind(mark: number): Arrival;
  /** Sends that have not been handed over whole yet: each but those of interned bytes keeps a buffer. */
  readonly queued: number;
  /**
   * Queues memory[start, end) of a buffer, in order behind what is queued already. One count of the buffer goes with
   * it and is released when the bytes are handed over or the connection is gone. `NO_BUFFER` is for interned bytes.
   * After `end`, `close` or `abort`, or on a connection that is gone, the count is released and nothing is sent.
   */
  send(buffer: number, start: number, end: number): void;
  /** Sends FIN behind what is queued; receiving goes on. `onClosed` comes when the peer has ended as well. */
  end(): void;
  /** Flushes what is queued, then closes. Nothing more is received. */
  close(): void;
  /**
   * Flushes what is queued, sends FIN, throws away what still arrives until the peer ends, `milliseconds` pass or it is
   * too much (256 MiB), then closes: for answers to a client that is still sending, which an immediate close would reset
   * (RFC 9112 section 9.6).
   */
  closeLingering(milliseconds: number): void;
  /** Closes at once; what is queued is lost and the peer sees a reset where the system allows it (SO_LINGER 0). */
  abort(): void;
  /** No `onReceive` and no `onEnd` until `resume`. What the kernel had handed over before is kept and delivered then. */
  pause(): void;
  resume(): void;
  /** Calls `onDeadline` once `now` reaches `at` (milliseconds as in `Reactor.now`), at most one tick late; 0 clears it. */
  setDeadline(at: number): void;
}
