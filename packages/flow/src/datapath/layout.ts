import { addressBytes, addressText, isMappedIPv4, macBytes, macText } from './address.ts';
import { FLOOD_BYTES, LIMITS_BYTES } from './limits.ts';

/**
 * What the kernel's maps hold, in the layout of bpf/structs.h: numbers in the machine's order (little endian on all
 * machines that we run on), ports in that of the network.
 */
export const PROTOCOLS = { tcp: 6, udp: 17 } as const;
export type Protocol = keyof typeof PROTOCOLS;

export const MODES = { nat: 0, l2: 1, ipip: 2, gue: 3 } as const;
export type Mode = keyof typeof MODES;

export const AFFINITIES = { flow: 0, source: 1 } as const;
export type Affinity = keyof typeof AFFINITIES;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface ListenerSettings {
  /** 1 … 8,191: where it is counted. */
  readonly number: number;
  /** 0 … 4,095: whose table it uses. */
  readonly service: number;
  /** The secret of the plan, 32 bits, the same on all nodes. */
  readonly hashSeed: number;
  readonly idleSeconds: number;
  readonly mode: Mode;
  readonly affinity: Affinity;
  /** Its limits are looked at (`Datapath.setLimits`); without, they cost nothing. */
  readonly limited?: boolean;
  /**
   * NAT: targets see an address of this node (`tunnelSource` of the target) in place of the client's, so their answers come
   * back whatever their routes are. Takes an entry a flow (`Datapath.hideClients`), which no other node knows.
   */
  readonly hidesClients?: boolean;
  /** Who may open flows (`Admissions`); 0 or absent: everybody. */
  readonly gate?: number;
  /** Whose entries may not (`listKey`); absent: that of nobody. */
  readonly blockList?: Buffer;
  /**
   * With affinity `source`: seconds for which new flows of a client go where its last ones went, whatever the table says
   * now. 0 or absent: by the table alone.
   */
  readonly persistence?: number;
  /** No listener, but ports of this node's own: what comes to them is left to the kernel, answers of targets as well. */
  readonly isNode?: boolean;
}

/**
 * Where the frames to a target go. Without it the kernel routes them: NAT, and tunnels over IPv6. Others are dropped, since
 * the kernel takes packets over IPv4 that come in from an address of its own for forged.
 */
export interface NextHop {
  readonly device: number;
  /** null: not known, or there are none on this device. At tcx tunnels, and NAT that hides clients, have the kernel ask. */
  readonly mac: string | null;
  /** Of this node's device; nothing where `mac` is null. */
  readonly ownMac: string;
}

export interface TargetSettings {
  readonly address: string;
  /** NAT: the target's port; null: the one that the client asked for. */
  readonly port: number | null;
  /** Tunnels, and NAT that hides clients: the node's own address. */
  readonly tunnelSource: string | null;
  readonly nextHop: NextHop | null;
  /** Its flows are chosen again, at once. */
  readonly gone: boolean;
  /** It keeps its flows; clients that are kept at a target for a time begin their next ones elsewhere. */
  readonly closed?: boolean;
  /** NAT: its endpoint answers for several listeners, so its flows are written down (`Origin.shared`). */
  readonly shared?: boolean;
  /** With `gone`: its TCP connections are reset instead. Tables have to go on naming it as the previous target. */
  readonly resets?: boolean;
  /**
   * Tunnels: the largest packet that fits the way to it, outer headers included. Clients are told to send smaller ones. 0 or
   * absent: nothing is looked at, and what does not fit is lost on the way.
   */
  readonly mtu?: number;
}

export interface Origin {
  readonly vip: string;
  /** null: the port that the target answers from. */
  readonly port: number | null;
  readonly listener: number;
  /** Several listeners have this endpoint: flows say whose answer it is, and the origin only where that is not known. */
  readonly shared?: boolean;
  /** Whose answers these are, for its counters; absent: nobody's. */
  readonly target?: number;
}

export interface Traffic {
  /** That met a target, those among them that were dropped on the way there. */
  readonly packets: bigint;
  readonly bytes: bigint;
  /** Begun: TCP connections by their SYN, flows of UDP as the sample has them. */
  readonly flows: bigint;
  readonly drops: bigint;
  /** NAT: packets from targets to clients. */
  readonly answers: bigint;
  readonly answerBytes: bigint;
}

/** Sizes in bytes, for the test that compares them with the compiled maps. */
export const SIZES = {
  listeners: { key: 20, value: 36 },
  listener_ranges: { key: 28, value: 36 },
  vips: { key: 16, value: 4 },
  sources: { key: 16, value: 8 },
  source_networks: { key: 20, value: 8 },
  admissions: { key: 24, value: 4 },
  blocked: { key: 28, value: 4 },
  guards: { key: 4, value: 4 },
  recent_sources: { key: 4, value: 32 },
  recent_listeners: { key: 4, value: 64 },
  clocks: { key: 4, value: 24 },
  limits: { key: 4, value: LIMITS_BYTES },
  buckets: { key: 4, value: 32 },
  floods: { key: 4, value: FLOOD_BYTES },
  verified: { key: 16, value: 4 },
  tables: { key: 4, value: 4 },
  targets: { key: 4, value: 56 },
  origins: { key: 20, value: 28 },
  exceptions: { key: 40, value: 8 },
  news: { key: 0, value: 44 },
  shared: { key: 40, value: 36 },
  visits: { key: 20, value: 8 },
  borrowers: { key: 40, value: 52 },
  listener_traffic: { key: 4, value: 80 },
  target_traffic: { key: 4, value: 48 },
  outcomes: { key: 4, value: 8 },
  drops: { key: 8, value: 8 },
  sampling: { key: 4, value: 4 },
  samples: { key: 40, value: 40 },
  talkers: { key: 40, value: 48 },
  budgets: { key: 4, value: 16 },
  containers: { key: 4, value: 4 },
} as const;

/** Names of `enum outcome`, in its order. */
export const OUTCOMES = [
  'not_ours',
  'returned',
  'echo',
  'icmp_steered',
  'malformed',
  'fragment',
  'extensions',
  'hop_limit',
  'no_table',
  'no_target',
  'no_next_hop',
  'no_room',
  'denied',
  'packet_rate',
  'flow_rate',
  'syn_rate',
  'challenged',
  'verified',
  'reset',
  'too_big',
  'no_port',
  'security_group',
  'allowed_sources',
  'blocked',
  'icmp_returned',
  'no_listener',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export function numberKey(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

export function endpointBytes({ address, port, protocol }: Endpoint): Buffer {
  const bytes = Buffer.alloc(SIZES.listeners.key);
  addressBytes(address).copy(bytes);
  bytes.writeUInt16BE(port, 16);
  bytes[18] = PROTOCOLS[protocol];
  return bytes;
}

/** The first `bits` of the port are compared. */
export function rangeBytes({ address, port, protocol }: Endpoint, bits: number): Buffer {
  const bytes = Buffer.alloc(SIZES.listener_ranges.key);
  bytes.writeUInt32LE(160 + bits, 0);
  bytes[4] = PROTOCOLS[protocol];
  addressBytes(address).copy(bytes, 8);
  bytes.writeUInt16BE(port, 24);
  return bytes;
}

/** Bits of the entry of `guards`: which maps have any rules, whether any network is allowed, and who routes. */
export const GUARDS = {
  sources: 1,
  source_networks: 2,
  news: 4,
  borrowers: 8,
  blocked: 16,
  allowed_networks: 32,
  short_way: 64,
  containers: 128,
} as const;
export type Guard = keyof typeof GUARDS;
/** The other bits count what has changed: what programs remember of listeners and sources is of one such number. */
export const GENERATION_UNIT = 0x100;

/** Until when a source is denied and allowed, on the clock of the kernel's programs; 0: it is not. */
export interface SourceRule {
  readonly deniedUntil: number;
  readonly allowedUntil: number;
}

export function sourceRuleBytes({ deniedUntil, allowedUntil }: SourceRule): Buffer {
  const bytes = Buffer.alloc(SIZES.sources.value);
  bytes.writeUInt32LE(deniedUntil, 0);
  bytes.writeUInt32LE(allowedUntil, 4);
  return bytes;
}

/** The reading of `sourceRuleBytes`. */
export function readSourceRule(bytes: Buffer): SourceRule {
  return { deniedUntil: bytes.readUInt32LE(0), allowedUntil: bytes.readUInt32LE(4) };
}

/** The first `bits` of the address, 0 … 32 of an IPv4 address or 0 … 128. */
export function networkBytes(address: string, bits: number): Buffer {
  const bytes = Buffer.alloc(SIZES.source_networks.key);
  const mapped = addressBytes(address);
  const width = isMappedIPv4(mapped) ? 32 : 128;
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= width)) throw new RangeError(`not a prefix: ${address}/${bits}`);
  bytes.writeUInt32LE(128 - width + bits, 0);
  mapped.copy(bytes, 4);
  return bytes;
}

const LISTENER_LIMITED = 1;
const HIDES_CLIENTS = 2;
const IS_NODE = 4;

export function listenerBytes(listener: ListenerSettings): Buffer {
  const bytes = Buffer.alloc(SIZES.listeners.value);
  bytes.writeUInt32LE(listener.number, 0);
  bytes.writeUInt32LE(listener.service, 4);
  bytes.writeUInt32LE(listener.hashSeed, 8);
  bytes.writeUInt32LE(listener.idleSeconds, 12);
  bytes[16] = MODES[listener.mode];
  bytes[17] = AFFINITIES[listener.affinity];
  const flags =
    (listener.limited === true ? LISTENER_LIMITED : 0) |
    (listener.hidesClients === true ? HIDES_CLIENTS : 0) |
    (listener.isNode === true ? IS_NODE : 0);
  bytes.writeUInt16LE(flags, 18);
  bytes.writeUInt32LE(listener.gate ?? 0, 20);
  listener.blockList?.copy(bytes, 24);
  bytes.writeUInt32LE(listener.persistence ?? 0, 32);
  return bytes;
}

/** The reading of `listenerBytes`. */
export function readListener(bytes: Buffer): ListenerSettings {
  const flags = bytes.readUInt16LE(18);
  return {
    number: bytes.readUInt32LE(0),
    service: bytes.readUInt32LE(4),
    hashSeed: bytes.readUInt32LE(8),
    idleSeconds: bytes.readUInt32LE(12),
    mode: nameOf(MODES, bytes[16]!),
    affinity: nameOf(AFFINITIES, bytes[17]!),
    limited: (flags & LISTENER_LIMITED) !== 0,
    hidesClients: (flags & HIDES_CLIENTS) !== 0,
    isNode: (flags & IS_NODE) !== 0,
    gate: bytes.readUInt32LE(20),
    blockList: bytes.subarray(24, 32),
    persistence: bytes.readUInt32LE(32),
  };
}

function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number): Name {
  const found = (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
  if (found === undefined) throw new RangeError(`the kernel's maps say ${number}, which is nothing`);
  return found;
}

const TARGET_GONE = 1;
const TARGET_RESETS = 2;
const TARGET_CLOSED = 4;
const TARGET_SHARED = 8;
const TARGET_UNRESOLVED = 16;

export function targetBytes(target: TargetSettings): Buffer {
  const bytes = Buffer.alloc(SIZES.targets.value);
  addressBytes(target.address).copy(bytes);
  if (target.tunnelSource !== null) addressBytes(target.tunnelSource).copy(bytes, 16);
  if (target.nextHop !== null) {
    bytes.writeUInt32LE(target.nextHop.device, 32);
    if (target.nextHop.mac !== null) {
      macBytes(target.nextHop.mac).copy(bytes, 36);
      macBytes(target.nextHop.ownMac).copy(bytes, 42);
    }
  }
  bytes.writeUInt16BE(target.port ?? 0, 48);
  const flags =
    (target.gone ? TARGET_GONE : 0) |
    (target.resets === true ? TARGET_RESETS : 0) |
    (target.closed === true ? TARGET_CLOSED : 0) |
    (target.shared === true ? TARGET_SHARED : 0) |
    (target.nextHop?.mac === null ? TARGET_UNRESOLVED : 0);
  bytes.writeUInt16LE(flags, 50);
  bytes.writeUInt16LE(target.mtu ?? 0, 52);
  return bytes;
}

/** The reading of `targetBytes`. */
export function readTarget(bytes: Buffer): TargetSettings {
  const flags = bytes.readUInt16LE(50);
  const device = bytes.readUInt32LE(32);
  const mac = (flags & TARGET_UNRESOLVED) !== 0 ? null : macText(bytes.subarray(36, 42));
  return {
    address: addressText(bytes.subarray(0, 16)),
    port: bytes.readUInt16BE(48) || null,
    tunnelSource: bytes.subarray(16, 32).some((byte) => byte !== 0) ? addressText(bytes.subarray(16, 32)) : null,
    nextHop: device === 0 ? null : { device, mac, ownMac: macText(bytes.subarray(42, 48)) },
    gone: (flags & TARGET_GONE) !== 0,
    resets: (flags & TARGET_RESETS) !== 0,
    closed: (flags & TARGET_CLOSED) !== 0,
    shared: (flags & TARGET_SHARED) !== 0,
    mtu: bytes.readUInt16LE(52),
  };
}

const ORIGIN_SHARED = 1;

export function originBytes(origin: Origin): Buffer {
  const bytes = Buffer.alloc(SIZES.origins.value);
  addressBytes(origin.vip).copy(bytes);
  bytes.writeUInt16BE(origin.port ?? 0, 16);
  bytes.writeUInt16LE(origin.shared === true ? ORIGIN_SHARED : 0, 18);
  bytes.writeUInt32LE(origin.listener, 20);
  bytes.writeUInt32LE(origin.target ?? 0, 24);
  return bytes;
}

/** The sum over all CPUs. */
export function readTraffic(perCpu: readonly Buffer[]): Traffic {
  const sum = (offset: number) => perCpu.reduce((total, bytes) => total + bytes.readBigUInt64LE(offset), 0n);
  return {
    packets: sum(0),
    bytes: sum(8),
    flows: sum(16),
    drops: sum(24),
    answers: sum(32),
    answerBytes: sum(40),
  };
}
