import { NetlinkSocket } from './netlink.ts';

/** Links, addresses and routes of IPv4, its rules for routes, and its parameters of devices (`rp_filter`). */
export const ROUTING4 = 0x1 | 0x10 | 0x40 | 0x80 | 0x800000;
/** These, neighbours, queueing disciplines, and addresses and routes of IPv6: RTMGRP_* of linux/rtnetlink.h. */
const GROUPS = ROUTING4 | 0x4 | 0x8 | 0x100 | 0x400;
/** Messages that are read at once; what there is beyond counts as news the next time. */
const MOST = 1_000;

/**
 * Whether devices, their parameters, addresses, routes or neighbours of this network namespace have changed, by the kernel's
 * own word. What has changed is not read: whoever wants to know looks at all of it.
 */
export class NetworkNews {
  readonly #socket: NetlinkSocket;
  readonly #message = Buffer.alloc(8_192);
  #closed = false;

  /** `groups`: what it hears of. Throws DatapathUnavailable where the kernel does not tell. */
  constructor(groups = GROUPS) {
    this.#socket = new NetlinkSocket(groups);
  }

  /** Whether anything has changed since it was last asked. What did not fit the socket's memory counts as well. */
  take(): boolean {
    if (this.#closed) return false;
    for (let read = 0; read < MOST; read++) {
      const bytes = this.#socket.receive(this.#message);
      if (bytes === null || bytes === 0) return read > 0;
    }
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }
}
