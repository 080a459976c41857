import type { LoadedObject } from '../loader/object.ts';
import { type Generation, pairOf, type SlotPair } from '../maglev/generations.ts';
import { addressBytes, isMappedIPv4 } from './address.ts';
import { type BorrowedPort, findBorrowedPort } from './borrowed-port.ts';
import type { Datapath } from './datapath.ts';
import { type Flow, hashFlow, hashSource, slotOf } from './flow-hash.ts';
import { FLOW_STATES, type FlowState, flowKey, readShared } from './flow-record.ts';
import { secondsNow } from './flow-sight.ts';
import {
  endpointBytes,
  GUARDS,
  type Guard,
  type ListenerSettings,
  networkBytes,
  numberKey,
  type Outcome,
  rangeBytes,
  readListener,
  readSourceRule,
  readTarget,
  SIZES,
  type TargetSettings,
} from './layout.ts';
import { isWithin, readLimits } from './limits.ts';
import { findBucket } from './source-bucket.ts';

/** What would become of one packet. `forwarded`, or an outcome of the programs; `target` 0: nobody. */
export interface Fate {
  readonly target: number;
  readonly outcome: 'forwarded' | Outcome;
}

/** What the tables say of a flow, and what would become of its packets. */
export interface FlowForecast {
  /** The numbers of the listener, and of the service whose table it uses. */
  readonly listener: number;
  readonly service: number;
  /** null: the listener has no table. */
  readonly slot: (SlotPair & { readonly number: number }) | null;
  /** What is written down of the flow; null: nothing. `isOver`: it has ended, or was silent for too long. */
  readonly written: {
    readonly target: number;
    readonly state: FlowState;
    readonly idleSeconds: number;
    readonly isOver: boolean;
  } | null;
  /** The target that the client is kept at by the persistence of the service; 0: none. */
  readonly kept: number;
  /** Of a SYN; of UDP, of any datagram. */
  readonly opening: Fate;
  /** Of a segment with an acknowledgement, in an open connection; of UDP the same as `opening`. */
  readonly following: Fate;
}

/** An address and a port of the node. */
export interface SeenAs {
  readonly address: string;
  readonly port: number;
  readonly isNow: boolean;
}

const OPENING_SECONDS = 60;
const CLOSING_SECONDS = 60;
const VERIFIED_SECONDS = 300;
/** Nobody, in tables. */
const NOBODY = 0;
/** Values of `admissions` (bpf/gate.h). */
const [ADMITTED, REFUSED_BY_ALLOWED_SOURCES] = [0, 2];

interface PacketKind {
  readonly opens: boolean;
  readonly acknowledges: boolean;
}

/**
 * What the programs would do with the packets of a flow, by the maps that they read and in their order (bpf/balance.h), of
 * packets that are sound and not too large. Nothing is counted, written down or taken from a limit by it.
 */
export class FlowForecaster {
  readonly #object: LoadedObject;
  readonly #datapath: Pick<Datapath, 'table' | 'flood'>;
  readonly #asksForNextHops: () => boolean;

  /** `asksForNextHops`: whether packets meet programs that have the kernel find hardware addresses, which those at XDP do not. */
  constructor(object: LoadedObject, datapath: Pick<Datapath, 'table' | 'flood'>, asksForNextHops: () => boolean) {
    this.#object = object;
    this.#datapath = datapath;
    this.#asksForNextHops = asksForNextHops;
  }

  /** Of packets that come in where programs have the kernel find hardware addresses, or do not. */
  where(asksForNextHops: boolean): FlowForecaster {
    return new FlowForecaster(this.#object, this.#datapath, () => asksForNextHops);
  }

  /** null: nobody listens, and the packets are left to the kernel. */
  forecast(flow: Flow): FlowForecast | null {
    const bytes = this.#findListener(flow);
    if (bytes === null) return null;
    const listener = readListener(bytes);
    if (listener.isNode === true) return null;
    const table = this.#datapath.table(listener.service);
    const slot = table === null ? null : slotIn(table, flow, listener);
    const written = this.#written(flow, listener);
    const kept = this.#kept(flow, listener);
    const fateOf = (packet: PacketKind) => this.#fate(flow, listener, { slot, written, kept }, packet);
    const isTcp = flow.protocol === 'tcp';
    return {
      listener: listener.number,
      service: listener.service,
      slot,
      written,
      kept,
      opening: fateOf({ opens: isTcp, acknowledges: false }),
      following: fateOf({ opens: false, acknowledges: isTcp }),
    };
  }

  /**
   * As whom a target, by its number, sees a flow where clients are hidden; `isNow`: it does, and not only would it. null: as
   * the client itself, or not at all.
   */
  seenAs(flow: Flow, target: number): SeenAs | null {
    const bytes = this.#findListener(flow);
    const settings = this.#target(target);
    if (bytes === null || settings === null) return null;
    const listener = readListener(bytes);
    const borrowed = listener.hidesClients === true ? this.#borrowedPort(flow, listener, settings) : null;
    return borrowed && { address: settings.tunnelSource!, port: borrowed.port, isNow: borrowed.isOwn };
  }

  /** Targets that the table names now. */
  takers({ service }: Pick<FlowForecast, 'service'>): ReadonlySet<number> {
    return new Set(Array.from(this.#datapath.table(service) ?? [], (pair) => pairOf(pair).current));
  }

  #fate(
    flow: Flow,
    listener: ListenerSettings,
    known: Pick<FlowForecast, 'slot' | 'written' | 'kept'>,
    packet: PacketKind,
  ): Fate {
    const refusal =
      (this.#isDenied(flow) ? 'denied' : null) ??
      (packet.opens || flow.protocol === 'udp' ? this.#refusal(flow, listener) : null) ??
      (listener.limited === true ? this.#overLimit(flow, listener, packet) : null);
    if (refusal !== null) return { target: NOBODY, outcome: refusal };
    if (known.slot === null) return { target: NOBODY, outcome: 'no_table' };
    const number = this.#choose(flow, listener, known.slot, known, packet);
    const target = this.#target(number);
    if (number === NOBODY || target === null) return { target: NOBODY, outcome: 'no_target' };
    return { target: number, outcome: this.#forward(flow, listener, target, packet) };
  }

  #choose(
    flow: Flow,
    listener: ListenerSettings,
    { current, previous, remembers }: SlotPair,
    { written, kept }: Pick<FlowForecast, 'written' | 'kept'>,
    packet: PacketKind,
  ): number {
    const persists = (listener.persistence ?? 0) > 0;
    if (!remembers && !persists) return current;
    if (written !== null && !written.isOver && this.#keeps(written.target, flow, packet)) {
      if (!packet.opens || written.state === 'opening') return written.target;
    }
    const chosen = !packet.opens && this.#keeps(previous, flow, packet) ? previous : current;
    const mayBegin = packet.opens || flow.protocol === 'udp';
    return persists && mayBegin && kept !== NOBODY ? kept : chosen;
  }

  #forward(flow: Flow, listener: ListenerSettings, target: TargetSettings, packet: PacketKind): Fate['outcome'] {
    const { mode } = listener;
    if (target.gone) return target.resets === true && packet.acknowledges ? 'reset' : 'no_target';
    if (mode === 'l2') return target.nextHop === null ? 'no_next_hop' : 'forwarded';
    if (mode !== 'nat') return isIPv4(target.address) && !this.#hasWay(target) ? 'no_next_hop' : 'forwarded';
    if (isIPv4(target.address) !== isIPv4(flow.client)) return 'no_target';
    if (listener.hidesClients === true) {
      const { tunnelSource: own } = target;
      if (own === null || isIPv4(own) !== isIPv4(flow.client)) return 'no_target';
      if (!this.#hasWay(target)) return 'no_next_hop';
      return this.#borrowedPort(flow, listener, target) === null ? 'no_port' : 'forwarded';
    }
    return target.shared === true && this.#isTaken(flow, listener, target) ? 'no_port' : 'forwarded';
  }

  #hasWay({ nextHop }: Pick<TargetSettings, 'nextHop'>): boolean {
    return nextHop !== null && (nextHop.mac !== null || this.#asksForNextHops());
  }

  /** By which port of the node the target sees the flow; null: it does not get one. */
  #borrowedPort(
    flow: Flow,
    { hashSeed }: ListenerSettings,
    { address, port, tunnelSource, nextHop }: TargetSettings,
  ): BorrowedPort | null {
    if (tunnelSource === null || !this.#hasWay({ nextHop }) || isIPv4(tunnelSource) !== isIPv4(flow.client))
      return null;
    const place = { target: address, targetPort: port ?? flow.vipPort, node: tunnelSource, hashSeed };
    const isListenedTo = (own: number) => {
      const there = this.#findListener({ ...flow, vip: tunnelSource, vipPort: own });
      return there !== null && readListener(there).isNode !== true;
    };
    return findBorrowedPort(this.#object.map('borrowers'), flow, place, secondsNow(), isListenedTo);
  }

  /** Whether the client has another flow from the same port to the endpoint, by way of another listener. */
  #isTaken(flow: Flow, { number }: ListenerSettings, target: TargetSettings): boolean {
    const key = flowKey({ ...flow, vip: target.address, vipPort: target.port ?? flow.vipPort });
    const known = this.#object.map('shared').get(key);
    if (known === null) return false;
    const { vip, vipPort, listener, state, idleSeconds, seen } = readShared(known);
    if (listener === number && vip === flow.vip && vipPort === flow.vipPort) return false;
    return state !== 'closing' && ageOf(seen) <= idleSeconds;
  }

  /** A target that is gone loses its flows, unless they are to be reset. */
  #keeps(number: number, flow: Flow, packet: PacketKind): boolean {
    const target = number === NOBODY ? null : this.#target(number);
    if (target === null) return false;
    return !target.gone || (target.resets === true && flow.protocol === 'tcp' && !packet.opens);
  }

  #target(number: number): TargetSettings | null {
    const bytes = this.#object.map('targets').get(numberKey(number));
    return bytes === null ? null : readTarget(bytes);
  }

  #findListener({ vip, vipPort, protocol }: Flow): Buffer | null {
    const endpoint = { address: vip, port: vipPort, protocol };
    return (
      this.#object.map('listeners').get(endpointBytes(endpoint)) ??
      this.#object.map('listener_ranges').get(rangeBytes(endpoint, 16))
    );
  }

  #isDenied({ client }: Flow): boolean {
    const found = [
      this.#isGuarded('sources') ? this.#object.map('sources').get(addressBytes(client)) : null,
      this.#isGuarded('source_networks')
        ? this.#object.map('source_networks').get(networkBytes(client, isIPv4(client) ? 32 : 128))
        : null,
    ];
    const rules = found.filter((rule) => rule !== null).map(readSourceRule);
    const now = secondsNow();
    return rules.some((rule) => rule.deniedUntil > now) && !rules.some((rule) => rule.allowedUntil > now);
  }

  #refusal({ client }: Flow, { gate = 0, blockList }: ListenerSettings): Outcome | null {
    if (this.#isGuarded('blocked')) {
      const until = this.#object.map('blocked').get(wholeKey(SIZES.blocked.key, blockList ?? Buffer.alloc(8), client));
      if (until !== null && until.readUInt32LE(0) > secondsNow()) return 'blocked';
    }
    if (gate === 0) return null;
    const verdict = this.#object.map('admissions').get(wholeKey(SIZES.admissions.key, numberKey(gate), client));
    const said = verdict?.readUInt32LE(0);
    if (said === ADMITTED) return null;
    return said === REFUSED_BY_ALLOWED_SOURCES ? 'allowed_sources' : 'security_group';
  }

  #overLimit({ client, protocol }: Flow, { number, hashSeed }: ListenerSettings, packet: PacketKind): Outcome | null {
    const bytes = this.#object.map('limits').get(numberKey(number));
    if (bytes === null) return null;
    const limits = readLimits(bytes);
    const bucket = findBucket(this.#object.map('buckets'), { client, number, hashSeed });
    if (bucket !== null) {
      const now = process.hrtime.bigint();
      if (!isWithin(limits.packets, bucket.packetsDue, now)) return 'packet_rate';
      if (packet.opens && !isWithin(limits.flows, bucket.flowsDue, now)) return 'flow_rate';
    }
    if (limits.alarmSyns === 0 || protocol !== 'tcp' || !packet.opens) return null;
    return this.#datapath.flood(number).alarm && !this.#isVerified(client) ? 'challenged' : null;
  }

  #isVerified(client: string): boolean {
    const at = this.#object.map('verified').get(addressBytes(client));
    return at !== null && ageOf(at.readUInt32LE(0)) <= VERIFIED_SECONDS;
  }

  #written(flow: Flow, { idleSeconds }: ListenerSettings): FlowForecast['written'] {
    const value = this.#object.map('exceptions').get(flowKey(flow));
    if (value === null) return null;
    const state = FLOW_STATES[value[2]!] ?? 'established';
    const idle = ageOf(value.readUInt32LE(4));
    const lifetime = { opening: OPENING_SECONDS, established: idleSeconds, closing: CLOSING_SECONDS }[state];
    return { target: value.readUInt16LE(0), state, idleSeconds: idle, isOver: idle > lifetime };
  }

  #kept({ client }: Flow, { service, persistence = 0 }: ListenerSettings): number {
    if (persistence === 0) return NOBODY;
    const value = this.#object.map('visits').get(Buffer.concat([numberKey(service), addressBytes(client)]));
    if (value === null || ageOf(value.readUInt32LE(4)) > persistence) return NOBODY;
    const number = value.readUInt16LE(0);
    const target = this.#target(number);
    return target === null || target.gone || target.closed === true ? NOBODY : number;
  }

  #isGuarded(name: Guard): boolean {
    const inUse = this.#object.map('guards').get(numberKey(0))?.readUInt32LE(0) ?? 0;
    return (inUse & GUARDS[name]) !== 0;
  }
}

function slotIn(table: Generation, flow: Flow, { affinity, hashSeed }: ListenerSettings) {
  const number = slotOf(affinity === 'source' ? hashSource(flow, hashSeed) : hashFlow(flow, hashSeed));
  return { number, ...pairOf(table[number]!) };
}

/** For a prefix trie: all bits of the owner and of the address. */
function wholeKey(size: number, owner: Uint8Array, address: string): Buffer {
  return Buffer.concat([numberKey(8 * (size - 4)), owner, addressBytes(address)]);
}

function isIPv4(address: string): boolean {
  return isMappedIPv4(addressBytes(address));
}

/** Seconds since then, in 32 bits as the programs count. */
function ageOf(seen: number): number {
  return (secondsNow() - seen) >>> 0;
}
