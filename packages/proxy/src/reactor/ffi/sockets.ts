import { DATAGRAM_BACKLOG, type DatagramOptions } from '../datagram.ts';
import type { Endpoint, ListenOptions } from '../reactor.ts';
import {
  bind,
  close,
  connect,
  errorName,
  fcntl,
  getpeername,
  getsockname,
  getsockopt,
  lastError,
  listen,
  setsockopt,
  shutdown,
  socket,
} from './libc.ts';
import { Mapping } from './mapping.ts';
import { AF_INET, AF_INET6, addressFamily, readSockaddr, SOCKADDR_SIZE, writeSockaddr } from './sockaddr.ts';

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** Sockets stay blocking: on a non-blocking one io_uring answers EAGAIN instead of waiting. */
export const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_LINGER = 13;
const SO_REUSEPORT = 15;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_DEFER_ACCEPT = 9;
const TCP_QUICKACK = 12;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;
const IPPROTO_IP = 0;
const IP_TRANSPARENT = 19;
const IP_BIND_ADDRESS_NO_PORT = 24;
const SO_ACCEPTCONN = 30;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const SHUT_WR = 1;
const SHUT_RDWR = 2;

/** One page per thread for arguments of system calls: a socket address, its size, an option's value. */
const scratch = Mapping.anonymous(4096);
const view = new DataView(scratch.bytes);
const ADDRESS = 0;
const SIZE = SOCKADDR_SIZE;
const OPTION = SIZE + 8;

/** A descriptor, or the reason why there is none. */
export type Opened = { readonly descriptor: number } | { readonly code: string; readonly call: string };

function failed(call: string, descriptor = -1): Opened {
  const code = errorName(lastError());
  if (descriptor >= 0) close(descriptor);
  return { code, call };
}

function enable(descriptor: number, level: number, option: number): boolean {
  view.setInt32(OPTION, 1, true);
  return setsockopt(descriptor, level, option, scratch.address + OPTION, 4) === 0;
}

/** A listening TCP socket. Sockets accepted from it inherit TCP_NODELAY. */
export function openListening(options: ListenOptions): Opened {
  const family = addressFamily(options.address);
  if (family === 0) return { code: 'EINVAL', call: 'socket' };
  const descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failed('socket');
  const ready =
    enable(descriptor, SOL_SOCKET, SO_REUSEADDR) &&
    (!options.reusePort || enable(descriptor, SOL_SOCKET, SO_REUSEPORT)) &&
    (family !== AF_INET6 || enable(descriptor, IPPROTO_IPV6, IPV6_V6ONLY)) &&
    enable(descriptor, IPPROTO_TCP, TCP_NODELAY);
  if (!ready) return failed('setsockopt', descriptor);
  const size = writeSockaddr(view, ADDRESS, scratch.address + ADDRESS, options);
  if (bind(descriptor, scratch.address + ADDRESS, size) !== 0) return failed('bind', descriptor);
  if (listen(descriptor, options.backlog) !== 0) return failed('listen', descriptor);
  return { descriptor };
}

/** A TCP socket to connect with. `family` is AF_INET or AF_INET6. */
export function openConnecting(family: number): Opened {
  const descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failed('socket');
  return enable(descriptor, IPPROTO_TCP, TCP_NODELAY) ? { descriptor } : failed('setsockopt', descriptor);
}

/**
 * The same, whose handshake is finished by what is sent first, or by `acknowledge`: the last packet of a handshake has
 * nothing in it that the first data do not say as well. Without either, it goes out after 200 ms. What Linux documents of
 * the option is its meaning for sockets that listen.
 */
export function openConnectingQuietly(family: number): Opened {
  const opened = openConnecting(family);
  if (!('descriptor' in opened)) return opened;
  const { descriptor } = opened;
  return enable(descriptor, IPPROTO_TCP, TCP_DEFER_ACCEPT) ? opened : failed('setsockopt', descriptor);
}

/** Acknowledges at once what has come, the peer's part of the handshake included. */
export function acknowledge(descriptor: number): void {
  enable(descriptor, IPPROTO_TCP, TCP_QUICKACK);
}

/** A UDP socket to connect with: it then receives from its one peer alone, and errors that come back (ICMP). */
export function openDatagram(family: number): Opened {
  const descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return descriptor < 0 ? failed('socket') : { descriptor };
}

/** A UDP socket that is bound, connected, or both. */
export function openDatagramSocket({ local, remote, reusePort }: DatagramOptions): Opened {
  const family = addressFamily((local ?? remote)?.address ?? '');
  if (family === 0) return { code: 'EINVAL', call: 'socket' };
  const descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return failed('socket');
  const ready =
    (!reusePort || enable(descriptor, SOL_SOCKET, SO_REUSEPORT)) &&
    (family !== AF_INET6 || enable(descriptor, IPPROTO_IPV6, IPV6_V6ONLY));
  if (!ready) return failed('setsockopt', descriptor);
  if (remote === null) {
    view.setInt32(OPTION, DATAGRAM_BACKLOG, true);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, scratch.address + OPTION, 4);
  }
  if (local !== null) {
    const size = writeSockaddr(view, ADDRESS, scratch.address + ADDRESS, local);
    if (bind(descriptor, scratch.address + ADDRESS, size) !== 0) return failed('bind', descriptor);
  }
  if (remote !== null) {
    const size = writeSockaddr(view, ADDRESS, scratch.address + ADDRESS, remote);
    if (size === 0) return failed('connect', descriptor);
    if (connect(descriptor, scratch.address + ADDRESS, size) !== 0) return failed('connect', descriptor);
  }
  return { descriptor };
}

/**
 * A TCP socket to connect with that comes from an address which need not be this node's. `nonBlocking` as whoever is
 * going to use it needs. The port is chosen when it connects, so that as many connections are possible as there are
 * pairs of ends.
 */
export function openTransparent(from: string, remote: string, nonBlocking: boolean): Opened {
  const family = addressFamily(from);
  if (family === 0 || family !== addressFamily(remote)) return { code: 'EAFNOSUPPORT', call: 'bind' };
  const descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0), 0);
  if (descriptor < 0) return failed('socket');
  const ready =
    enableTransparent(descriptor, family) &&
    enable(descriptor, SOL_SOCKET, SO_REUSEADDR) &&
    enable(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) &&
    enable(descriptor, IPPROTO_TCP, TCP_NODELAY);
  if (!ready) return failed('setsockopt', descriptor);
  const size = writeSockaddr(view, ADDRESS, scratch.address + ADDRESS, { address: from, port: 0 });
  return bind(descriptor, scratch.address + ADDRESS, size) === 0 ? { descriptor } : failed('bind', descriptor);
}

/** Why connections cannot come from other addresses than this node's: the system's name of the error; null: they can. */
export function whyNotTransparent(): string | null {
  const descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errorName(lastError());
  const code = enableTransparent(descriptor, AF_INET) ? null : errorName(lastError());
  close(descriptor);
  return code;
}

function enableTransparent(descriptor: number, family: number): boolean {
  return family === AF_INET6
    ? enable(descriptor, IPPROTO_IPV6, IPV6_TRANSPARENT)
    : enable(descriptor, IPPROTO_IP, IP_TRANSPARENT);
}

const NOWHERE: Endpoint = { address: '', port: 0 };

/** The address at this end; empty when the socket has none any more. */
export function localEndpoint(descriptor: number): Endpoint {
  view.setUint32(SIZE, SOCKADDR_SIZE, true);
  if (getsockname(descriptor, scratch.address + ADDRESS, scratch.address + SIZE) !== 0) return NOWHERE;
  return readSockaddr(view, ADDRESS);
}

/** The address at the other end; empty when the peer is gone. */
export function remoteEndpoint(descriptor: number): Endpoint {
  view.setUint32(SIZE, SOCKADDR_SIZE, true);
  if (getpeername(descriptor, scratch.address + ADDRESS, scratch.address + SIZE) !== 0) return NOWHERE;
  return readSockaddr(view, ADDRESS);
}

/** Makes closing send a reset: nothing is flushed, and no TIME_WAIT is left (SO_LINGER with zero seconds). */
export function resetOnClose(descriptor: number): void {
  view.setInt32(OPTION, 1, true);
  view.setInt32(OPTION + 4, 0, true);
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, scratch.address + OPTION, 8);
}

/** Sends FIN. Fails harmlessly when the peer has reset the connection: receiving reports that. */
export function finish(descriptor: number): void {
  shutdown(descriptor, SHUT_WR);
}

/** Stops listening at once, so that the port can be bound again before the last reference to the socket is gone. */
export function stopListening(descriptor: number): void {
  shutdown(descriptor, SHUT_RDWR);
}

/** Whether the descriptor is of a socket that listens. */
export function isListening(descriptor: number): boolean {
  view.setInt32(OPTION, 0, true);
  view.setUint32(SIZE, 4, true);
  const known =
    getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, scratch.address + OPTION, scratch.address + SIZE) === 0;
  return known && view.getInt32(OPTION, true) === 1;
}

/** Makes calls on the socket wait, or not, for all who share it. */
export function setBlocking(descriptor: number, blocking: boolean): void {
  const flags = fcntl(descriptor, F_GETFL, 0);
  const wanted = blocking ? flags & ~SOCK_NONBLOCK : flags | SOCK_NONBLOCK;
  if (wanted !== flags) fcntl(descriptor, F_SETFL, wanted);
}

/** Another descriptor of the same socket. */
export function duplicate(descriptor: number): Opened {
  const copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? failed('fcntl') : { descriptor: copy };
}

/** Binds an address and lets it go at once. Returns null, or the system's name of the error. */
export function bindOnly(endpoint: Endpoint): string | null {
  const family = addressFamily(endpoint.address);
  if (family === 0) return 'EINVAL';
  const descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errorName(lastError());
  const size = writeSockaddr(view, ADDRESS, scratch.address + ADDRESS, endpoint);
  const bound = enable(descriptor, SOL_SOCKET, SO_REUSEADDR) && bind(descriptor, scratch.address + ADDRESS, size) === 0;
  const code = bound ? null : errorName(lastError());
  close(descriptor);
  return code;
}
