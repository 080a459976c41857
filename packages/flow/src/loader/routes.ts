import { attribute, attributesOf, NetlinkSocket } from './netlink.ts';

/** RTM_GETROUTE of linux/rtnetlink.h, with the length of struct rtmsg. */
const GET_ROUTE = { type: 26, bytes: 12 };
const AF_INET = 2;
const WHOLE_ADDRESS = 32;
/** RTN_LOCAL, where struct rtmsg has the kind of a route. */
const LOCAL = 2;
const KIND_OFFSET = 7;
/** RTM_F_FIB_MATCH, and where struct rtmsg has it: what is told is the entry that a way comes of, by its own device. */
const FIB_MATCH = 0x2000;
const FLAGS_OFFSET = 8;
/** RTA_*. */
const ROUTE = { destination: 1, source: 2, deviceIn: 3, deviceOut: 4 } as const;
/** What the kernel says of a source that it takes for forged: a martian one, and one that `rp_filter` refuses (before Linux 6.13). */
const EINVAL = 22;
const EXDEV = 18;

export interface RouteTo {
  /** The number of the device that the way leads out of. */
  readonly device: number;
  /** The address is this machine's own. */
  readonly isOwn: boolean;
}

/**
 * What the kernel's routing makes of IPv4 addresses, asked one by one: a question is two system calls, and answered by what
 * routes a packet as well, rules and parameters of devices included.
 */
export class Routes {
  readonly #socket: NetlinkSocket;

  /** Throws DatapathUnavailable where the kernel cannot be asked. */
  constructor() {
    this.#socket = new NetlinkSocket();
  }

  /** null: there is none. */
  to(address: string): RouteTo | null {
    const said = this.#ask(address, []);
    if (typeof said === 'number') return null;
    const device = attributesOf(said, GET_ROUTE.bytes).get(ROUTE.deviceOut)?.readInt32LE(0);
    return device === undefined ? null : { device, isOwn: said[KIND_OFFSET] === LOCAL };
  }

  /** The number of the device that has this address; null: it is none of the machine's own. */
  holder(address: string): number | null {
    const said = this.#ask(address, [], FIB_MATCH);
    if (typeof said === 'number' || said[KIND_OFFSET] !== LOCAL) return null;
    return attributesOf(said, GET_ROUTE.bytes).get(ROUTE.deviceOut)?.readInt32LE(0) ?? null;
  }

  /**
   * Whether the kernel would drop a packet that comes in by this device for its source: it is the machine's own address
   * (`accept_local`), or the way there leads elsewhere (`rp_filter`).
   */
  isForged(source: string, destination: string, device: number): boolean {
    const number = Buffer.alloc(4);
    number.writeInt32LE(device);
    const from = attribute(ROUTE.source, bytesOf(source));
    const said = this.#ask(destination, [from, attribute(ROUTE.deviceIn, number)]);
    return said === EINVAL || said === EXDEV;
  }

  close(): void {
    this.#socket.close();
  }

  #ask(destination: string, more: readonly Buffer[], flags = 0): Buffer | number {
    const head = Buffer.alloc(GET_ROUTE.bytes);
    head[0] = AF_INET;
    head[1] = WHOLE_ADDRESS;
    head[2] = more.length > 0 ? WHOLE_ADDRESS : 0;
    head.writeUInt32LE(flags, FLAGS_OFFSET);
    return this.#socket.ask(
      GET_ROUTE.type,
      Buffer.concat([head, attribute(ROUTE.destination, bytesOf(destination)), ...more]),
    );
  }
}

function bytesOf(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}
