import type { DatagramPeer } from '../datagram.ts';
import { readSockaddr, SOCKADDR_SIZE } from '../ffi/sockaddr.ts';
import type { Endpoint } from '../reactor.ts';

const AF_INET = 2;

/** A peer as the kernel has written it down: its address is made a text only when somebody asks. */
export class SockaddrPeer implements DatagramPeer {
  /** A socket address (sockaddr_in or sockaddr_in6). */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #endpoint: Endpoint | null = null;
  size = 0;

  constructor(bytes: Uint8Array = new Uint8Array(SOCKADDR_SIZE)) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The kernel has written another peer to `bytes`. */
  changed(size: number): void {
    this.size = size;
    this.#endpoint = null;
  }

  get key(): number | string {
    const view = this.#view;
    if (view.getUint16(0, true) === AF_INET) return view.getUint32(4) * 65_536 + view.getUint16(2);
    return `${view.getUint16(2)} ${view.getBigUint64(8)} ${view.getBigUint64(16)}`;
  }

  get address(): string {
    return (this.#endpoint ??= readSockaddr(this.#view, 0)).address;
  }

  get port(): number {
    return this.#view.getUint16(2);
  }

  keep(): SockaddrPeer {
    const kept = new SockaddrPeer(this.bytes.slice());
    kept.size = this.size;
    return kept;
  }
}
