import { close } from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import { SOCKADDR_SIZE } from '../ffi/sockaddr.ts';
import { type Opened, openConnecting, openConnectingQuietly } from '../ffi/sockets.ts';

/**
 * TCP sockets of one family whose connection was reset, to connect with again. To make a socket, have its options set,
 * have it reset on closing and close it are five calls, and a third of what the kernel does for a short connection; to
 * give up the connection and keep the socket is one entry in the ring (connect(2) to AF_UNSPEC), which sends the same
 * reset.
 *
 * They leave the last packet of the handshake to what is sent first, see `openConnectingQuietly`: whoever aborts all
 * connections has short ones, of which that packet is a fifth. One that is aborted before anything was sent has never been
 * up for the peer, and is nothing that it would have to log.
 */
export class SpareSockets {
  readonly nowhereSize = SOCKADDR_SIZE;
  /** A sockaddr of AF_UNSPEC, which is 0: kept as a whole, since its memory goes with the last that knows of it. */
  readonly #nowhere: Mapping | null;
  readonly #family: number;
  readonly #limit: number;
  readonly #spare: number[] = [];

  /** @param family AF_INET or AF_INET6 @param limit how many are kept; each holds a descriptor */
  constructor(family: number, limit: number) {
    this.#family = family;
    this.#limit = limit;
    this.#nowhere = limit === 0 ? null : Mapping.anonymous(4096);
  }

  /** Address of a sockaddr of AF_UNSPEC; 0 when no sockets are kept. */
  get nowhere(): number {
    return this.#nowhere?.address ?? 0;
  }

  /** Whether sockets are kept, and connect quietly, at all. */
  get enabled(): boolean {
    return this.#limit > 0;
  }

  get hasRoom(): boolean {
    return this.#spare.length < this.#limit;
  }

  /** A spare socket, or a new one. */
  open(): Opened {
    const descriptor = this.#spare.pop();
    if (descriptor !== undefined) return { descriptor };
    return this.enabled ? openConnectingQuietly(this.#family) : openConnecting(this.#family);
  }

  /** Takes a socket that is not connected any more, and of which nothing is in flight; closes it when there are enough. */
  put(descriptor: number): void {
    if (this.hasRoom) this.#spare.push(descriptor);
    else close(descriptor);
  }

  closeAll(): void {
    for (const descriptor of this.#spare.splice(0)) close(descriptor);
  }
}
