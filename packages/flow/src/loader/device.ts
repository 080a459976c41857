import { DatapathUnavailable, lastError } from './libbpf.ts';
import { libc } from './libc.ts';

/** A device of this network namespace. */
export interface Device {
  readonly index: number;
  /** Frames begin with an Ethernet header, as programs want them to; those of tunnels of IP and of WireGuard do not. */
  readonly isEthernet: boolean;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
/** netdevice(7). */
const SIOCGIFINDEX = 0x8933;
const SIOCGIFHWADDR = 0x8927;
const REQUEST_BYTES = 40;
const NAME_BYTES = 16;
const ENODEV = 19;
/** ARPHRD_* of linux/if_arp.h: Ethernet, and loopback, whose frames look the same. */
const ETHERNET_TYPES = new Set([1, 772]);

/**
 * What the kernel says of a device; null: there is none of this name now. It is asked by itself, because /sys may be that
 * of another network namespace, and lists in /proc need IPv6. Throws DatapathUnavailable where the kernel does not tell.
 */
export function deviceOf(name: string): Device | null {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length >= NAME_BYTES) return null;
  const c = libc();
  const socket = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw unavailable(name);
  try {
    const ask = (what: number): Buffer | null => {
      const request = Buffer.alloc(REQUEST_BYTES);
      request.set(bytes);
      if (c.ioctl(socket, what, request) === 0) return request.subarray(NAME_BYTES);
      if (lastError() === ENODEV) return null;
      throw unavailable(name);
    };
    const index = ask(SIOCGIFINDEX)?.readInt32LE(0);
    const type = ask(SIOCGIFHWADDR)?.readUInt16LE(0);
    if (index === undefined || type === undefined) return null;
    return { index, isEthernet: ETHERNET_TYPES.has(type) };
  } finally {
    c.close(socket);
  }
}

function unavailable(name: string): DatapathUnavailable {
  return new DatapathUnavailable(`the kernel does not tell of device ${name} (error ${lastError()})`);
}
