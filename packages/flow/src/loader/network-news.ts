import koffi from 'koffi';
import { DatapathUnavailable, lastError } from './libbpf.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2_000_000;
const NETLINK_ROUTE = 0;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
/** Links, neighbours, addresses and routes of both families: RTMGRP_* of linux/rtnetlink.h. */
const GROUPS = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400;
/** Messages that are read at once; what there is beyond counts as news the next time. */
const MOST = 1_000;

/**
 * Whether devices, addresses, routes or neighbours of this network namespace have changed, by the kernel's own word
 * (rtnetlink(7)). What has changed is not read: whoever wants to know looks at all of it.
 */
export class NetworkNews {
  #descriptor: number;
  readonly #message = Buffer.alloc(8_192);
  readonly #c = functions();

  /** Throws DatapathUnavailable where there is no such socket. */
  constructor() {
    this.#descriptor = this.#c.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(GROUPS, 8);
    if (this.#descriptor < 0 || this.#c.bind(this.#descriptor, address, address.length) < 0) {
      const code = lastError();
      this.close();
      throw new DatapathUnavailable(`the kernel does not tell of changes of the network (error ${code})`);
    }
  }

  /** Whether anything has changed since it was last asked. What did not fit the socket's memory counts as well. */
  take(): boolean {
    if (this.#descriptor < 0) return false;
    for (let read = 0; read < MOST; read++) {
      const bytes = this.#c.recv(this.#descriptor, this.#message, this.#message.length, MSG_DONTWAIT);
      if (bytes < 0 && lastError() === EAGAIN) return read > 0;
      if (bytes === 0) return read > 0;
    }
    return true;
  }

  close(): void {
    if (this.#descriptor >= 0) this.#c.close(this.#descriptor);
    this.#descriptor = -1;
  }
}

interface Functions {
  socket(family: number, type: number, protocol: number): number;
  bind(descriptor: number, address: Uint8Array, length: number): number;
  recv(descriptor: number, buffer: Uint8Array, length: number, flags: number): number;
  close(descriptor: number): number;
}

function functions(): Functions {
  const c = koffi.load(null);
  return {
    socket: c.func('int socket(int, int, int)'),
    bind: c.func('int bind(int, const void *, uint32_t)'),
    recv: c.func('int64_t recv(int, void *, size_t, int)'),
    close: c.func('int close(int)'),
  } as Functions;
}
