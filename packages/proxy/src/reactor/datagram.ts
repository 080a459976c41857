import type { Endpoint, ListenError } from './reactor.ts';

/** Bytes in front of a received datagram that whoever is told of it may write to, such as a header for a target. */
export const DATAGRAM_HEADROOM = 2048;
/** The longest payload of UDP over IPv4 or IPv6 without jumbograms. */
export const DATAGRAM_SIZE = 65_535;

/** Bytes of datagrams that may wait in a socket that has many peers; the system has a limit of its own (net.core.rmem_max). */
export const DATAGRAM_BACKLOG = 4 * 1024 * 1024;

/** Datagrams that one socket brings in a turn before others have theirs. */
export const DATAGRAMS_PER_TURN = 128;

export interface DatagramOptions {
  /** Where it receives; null: an address and port of the system's choice. */
  readonly local: Endpoint | null;
  /** Its only peer: it receives from there alone, and is told of errors that come back (ICMP); null: anybody. */
  readonly remote: Endpoint | null;
  /** As for listening sockets: the kernel spreads peers, each to one of the sockets. */
  readonly reusePort: boolean;
}

/** Who has sent a datagram. The object is used again for the next one: to answer later, take what `keep` returns. */
export interface DatagramPeer extends Endpoint {
  /** Differs between peers, and is the same for the same one. */
  readonly key: number | string;
  keep(): DatagramPeer;
}

export interface DatagramHandler {
  /** The socket is bound. Those with a `remote` may be used before. */
  onOpen(socket: DatagramSocket): void;
  /** It could not be opened, and is gone. */
  onFailed(socket: DatagramSocket, error: ListenError): void;
  /** `Reactor.datagramMemory` holds a datagram in [start, end), and room in front of it, for the length of the call. */
  onDatagram(socket: DatagramSocket, from: DatagramPeer, start: number, end: number): void;
  /** An error has come back for something that was sent; `code` is the system's name, such as ECONNREFUSED. */
  onError(socket: DatagramSocket, code: string): void;
}

export interface DatagramSocket {
  /** The bound address; `port` is the real one when 0 was asked for. */
  readonly local: Endpoint;
  /**
   * Sends [start, end) of `Reactor.datagramMemory` as one datagram, to `to` or, if that is null, to the socket's remote.
   * False: it is lost, as there is no room for it. Nothing waits here.
   */
  send(start: number, end: number, to: DatagramPeer | null): boolean;
  /** Nothing is told of it any more. */
  close(): void;
}
