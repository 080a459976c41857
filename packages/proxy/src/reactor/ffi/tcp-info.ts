import { Arrival } from '../reactor.ts';
import { getsockopt } from './libc.ts';
import { Mapping } from './mapping.ts';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;

/** Of struct tcp_info (linux/tcp.h): as much as is read here, and where that is. */
const SIZE = 128;
const TCPI_STATE = 0;
const TCPI_RTT = 68;
const TCPI_BYTES_ACKED = 120;

/** The system is done with the connection: it was reset, or given up. */
const TCP_CLOSE = 7;

/** Per thread: the structure, and behind it how much of it there is. */
const scratch = Mapping.anonymous(4096);
const view = new DataView(scratch.bytes);
const LENGTH = SIZE;

/** Reads so many bytes of what the system knows of a TCP connection; false: it does not say as much. */
function read(descriptor: number, size: number): boolean {
  if (process.platform !== 'linux') return false;
  view.setUint32(LENGTH, size, true);
  const failed = getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, scratch.address, scratch.address + LENGTH) !== 0;
  return !failed && view.getUint32(LENGTH, true) === size;
}

/** Smoothed round trip of a TCP connection in microseconds (`tcpi_rtt`); -1 when the system does not say. */
export function roundTripOf(descriptor: number): number {
  return read(descriptor, TCPI_RTT + 4) ? view.getUint32(TCPI_RTT, true) : -1;
}

/**
 * What has become of everything that was sent behind the first `mark` bytes; see `Connection.arrivalBehind`. `dialed`:
 * this end has opened the connection; `peerEnded`: the peer's FIN has been read from it.
 *
 * What was acknowledged (RFC 4898, tcpEStatsAppHCThruOctetsAcked) is still known after a reset. The SYN of the end that
 * dialed counts as one byte.
 */
export function arrivalOn(descriptor: number, dialed: boolean, mark: number, peerEnded: boolean): Arrival {
  if (!read(descriptor, SIZE)) return Arrival.unknown;
  const acknowledged = Number(view.getBigUint64(TCPI_BYTES_ACKED, true)) - (dialed ? 1 : 0);
  if (acknowledged > mark) return Arrival.some;
  if (view.getUint8(TCPI_STATE) !== TCP_CLOSE) return Arrival.open;
  return peerEnded ? Arrival.none : Arrival.unknown;
}
