import { DATAGRAM_HEADROOM, DATAGRAM_SIZE, type DatagramOptions } from '../datagram.ts';
import { errorName, lastError, recvfrom, sendto } from './libc.ts';
import { Mapping } from './mapping.ts';
import { SOCKADDR_SIZE } from './sockaddr.ts';
import { type Opened, openDatagramSocket } from './sockets.ts';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Where addresses of peers are read and written, behind the datagram. */
const FROM = DATAGRAM_HEADROOM + DATAGRAM_SIZE + 1;
const TO = FROM + SOCKADDR_SIZE;
const SIZE = TO + SOCKADDR_SIZE;

/**
 * Calls that move one datagram at a time, and never wait. All sockets of a thread share one place for it, as a datagram
 * goes on, or is dropped, before the next one is read.
 */
export class DatagramCalls {
  readonly memory: Uint8Array;
  /** Whom the last datagram has come from: a socket address. */
  readonly from: Uint8Array;
  readonly #mapping = Mapping.anonymous(128 * 1024);
  readonly #to: Uint8Array;
  readonly #size: DataView;

  constructor() {
    const { bytes } = this.#mapping;
    this.memory = new Uint8Array(bytes, 0, FROM);
    this.from = new Uint8Array(bytes, FROM, SOCKADDR_SIZE);
    this.#to = new Uint8Array(bytes, TO, SOCKADDR_SIZE);
    this.#size = new DataView(bytes, SIZE, 4);
  }

  open(options: DatagramOptions): Opened {
    return openDatagramSocket(options);
  }

  /** Reads one datagram behind the headroom. Returns its length, or -errno. */
  receive(descriptor: number): number {
    this.#size.setUint32(0, SOCKADDR_SIZE, true);
    const { address } = this.#mapping;
    const at = address + DATAGRAM_HEADROOM;
    const length = recvfrom(descriptor, at, DATAGRAM_SIZE, MSG_DONTWAIT, address + FROM, address + SIZE);
    return length < 0 ? -lastError() : length;
  }

  /** Sends memory[start, end). Returns the name of the error, or an empty text. `to`: empty on a connected socket. */
  send(descriptor: number, start: number, end: number, to: Uint8Array | null, size: number): string {
    const { address } = this.#mapping;
    if (to !== null) this.#to.set(to);
    const name = to === null ? 0 : address + TO;
    const sent = sendto(descriptor, address + start, end - start, MSG_DONTWAIT | MSG_NOSIGNAL, name, size);
    return sent < 0 ? errorName(lastError()) : '';
  }
}
