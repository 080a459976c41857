import { close } from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import { SOCKADDR_SIZE } from '../ffi/sockaddr.ts';
import { type Opened, openConnecting } from '../ffi/sockets.ts';

/**
 * TCP sockets of one family whose connection was reset, to connect with again. To make a socket, have its options set,
 * have it reset on closing and close it are five calls, and a third of what the kernel does for a short connection; to
 * give up the connection and keep the socket is one entry in the ring (connect(2) to AF_UNSPEC), which sends the same
 * reset.
 */
export class SpareSockets {
  /** Address of a sockaddr of AF_UNSPEC, which is 0. */
  readonly nowhere: number;
  readonly nowhereSize = SOCKADDR_SIZE;
  readonly #family: number;
  readonly #limit: number;
  readonly #spare: number[] = [];

  /** @param family AF_INET or AF_INET6 @param limit how many are kept; each holds a descriptor */
  constructor(family: number, limit: number) {
    this.#family = family;
    this.#limit = limit;
    this.nowhere = limit === 0 ? 0 : Mapping.anonymous(4096).address;
  }

  get hasRoom(): boolean {
    return this.#spare.length < this.#limit;
  }

  /** A spare socket, or a new one. */
  open(): Opened {
    const descriptor = this.#spare.pop();
    return descriptor === undefined ? openConnecting(this.#family) : { descriptor };
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
