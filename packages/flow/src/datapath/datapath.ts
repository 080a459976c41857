import { closeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { checked, libbpf } from '../loader/libbpf.ts';
import type { LoadedObject } from '../loader/object.ts';
import { SLOTS } from '../maglev/slots.ts';
import { addressBytes } from './address.ts';
import { Admissions } from './admissions.ts';
import { BlockedSources } from './blocked-sources.ts';
import { ContainerPlaces } from './container-places.ts';
import { DeniedSources } from './denied-sources.ts';
import { entryBytes, type FlowRecord, idleOf, type ListedFlow, listFlow, readFlowRecord } from './flow-record.ts';
import {
  type Endpoint,
  endpointBytes,
  GENERATION_UNIT,
  GUARDS,
  type Guard,
  type ListenerSettings,
  listenerBytes,
  networkBytes,
  numberKey,
  type Origin,
  OUTCOMES,
  type Outcome,
  originBytes,
  rangeBytes,
  readTraffic,
  type TargetSettings,
  type Traffic,
  targetBytes,
} from './layout.ts';
import { FLOOD_BYTES, type Flood, type Limits, limitsBytes, readFlood } from './limits.ts';
import { portPrefixes, prefixesOfNone } from './port-prefixes.ts';

const MAP_TYPE_ARRAY = 2;
/** See bpf/structs.h. */
const VIP_ENDS_HERE = 2;
const TABLE_BYTES = SLOTS * 4;
/** Some 5 ms of work. */
const NEWS_AT_ONCE = 4_096;

/** Ports from `port` to `lastPort`. */
export interface EndpointRange extends Endpoint {
  readonly lastPort: number;
}

/** The maps of a loaded balancer in terms of listeners, targets and tables. Every write is seen by the next packet. */
export class Datapath {
  readonly #object: LoadedObject;
  #containers: ContainerPlaces | null = null;
  /** News that were taken from the kernel, and by nobody yet. */
  #taken: FlowRecord[] = [];

  constructor(object: LoadedObject) {
    this.#object = object;
  }

  /**
   * The address is balanced: echo to it is answered, and what cannot be balanced is dropped. Listeners make a VIP of their
   * address by themselves, and leave it one. `endsHere`: packets to ports that nobody listens on are dropped as well, unless
   * the address is one of this node.
   */
  addVip(address: string, endsHere = false): void {
    this.#object.map('vips').set(addressBytes(address), numberKey(endsHere ? 1 | VIP_ENDS_HERE : 1));
    this.renew();
  }

  removeVip(address: string): boolean {
    return this.#object.map('vips').delete(addressBytes(address));
  }

  /** Whose packets to VIPs are dropped before anything else, and whose never are, each for a time. */
  deniedSources(): DeniedSources {
    const [addresses, networks] = [this.#object.map('sources'), this.#object.map('source_networks')];
    return new DeniedSources(addresses, networks, (inUse) => this.#change(inUse, true));
  }

  /** One of these, for ever; null takes it away. `bits` makes it a network. */
  setSource(address: string, rule: 'denied' | 'allowed' | null, bits: number | null = null): void {
    const key = bits === null ? addressBytes(address) : networkBytes(address, bits);
    const sources = this.deniedSources();
    if (rule === null) sources.delete(key);
    else sources.set(key, { denied: rule === 'denied' ? null : 0, allowed: rule === 'allowed' ? null : 0 });
  }

  /** Packets that were dropped for it. */
  denied(): bigint {
    return sumOf(this.#object.map('outcomes').getPerCpu(numberKey(OUTCOMES.indexOf('denied'))) ?? []);
  }

  /** Who may not open flows, by block list; nothing is looked for before `block` is told. */
  blockedSources(): BlockedSources {
    return new BlockedSources(this.#object.map('blocked'));
  }

  block(on: boolean): void {
    this.#guard('blocked', on);
  }

  /** Who may open flows to listeners that name a gate; read anew by each call. */
  admissions(): Admissions {
    return new Admissions(this.#object.map('admissions'));
  }

  /** What listeners of this number let through, those with `limited` in their settings; null: everything. */
  setLimits(listener: number, limits: Limits | null): void {
    const bytes = limitsBytes(limits ?? { packets: null, flows: null, syns: null });
    this.#object.map('limits').set(numberKey(listener), bytes);
  }

  /** Whether a listener with a threshold for SYN is under alarm. */
  flood(listener: number): Flood {
    const bytes = this.#object.map('floods').get(numberKey(listener)) ?? Buffer.alloc(FLOOD_BYTES);
    return readFlood(bytes, secondsNow());
  }

  /** Another listener has the number from now on. */
  forgetFlood(listener: number): void {
    this.#object.map('floods').set(numberKey(listener), Buffer.alloc(FLOOD_BYTES));
  }

  /** A listener on one port. The same port of another protocol is another endpoint of the same listener. */
  setListener(endpoint: Endpoint, listener: ListenerSettings): void {
    this.#prepare(endpoint, listener);
    this.#object.map('listeners').set(endpointBytes(endpoint), listenerBytes(listener));
    this.renew();
  }

  removeListener(endpoint: Endpoint): boolean {
    const isGone = this.#object.map('listeners').delete(endpointBytes(endpoint));
    this.renew();
    return isGone;
  }

  /** A listener on a range of ports. A listener on one port, and a smaller range, go before it. */
  setListenerRange(range: EndpointRange, listener: ListenerSettings): void {
    const map = this.#object.map('listener_ranges');
    this.#prepare(range, listener);
    try {
      for (const { port, bits } of portPrefixes(range.port, range.lastPort)) {
        map.set(rangeBytes({ ...range, port }, bits), listenerBytes(listener));
      }
    } finally {
      this.renew(); // part of it may be there
    }
  }

  /** But for prefixes that `others`, on the same address and protocol, have as well. */
  removeListenerRange(range: EndpointRange, others: readonly Pick<EndpointRange, 'port' | 'lastPort'>[] = []): void {
    const map = this.#object.map('listener_ranges');
    try {
      for (const { port, bits } of prefixesOfNone(others, range)) map.delete(rangeBytes({ ...range, port }, bits));
    } finally {
      this.renew(); // part of it may be gone
    }
  }

  /**
   * Programs forget what they remember of listeners and denied sources. Whatever changes those here does that itself; an
   * earlier process may have ended in between.
   */
  renew(): void {
    this.#change({}, true);
  }

  /** What number (1 … 32,767) stands for in tables. */
  setTarget(number: number, target: TargetSettings): void {
    if (number === 0) throw new RangeError('target number 0 is nobody');
    this.#object.map('targets').set(numberKey(number), targetBytes(target));
  }

  /**
   * NAT: whatever comes from this endpoint of a target goes to clients under the VIP, from this moment on. An endpoint has
   * one origin, which is what makes the way back need no memory. Port 0 stands for all ports.
   */
  setOrigin(target: Endpoint, origin: Origin): void {
    this.#object.map('origins').set(endpointBytes(target), originBytes(origin));
  }

  removeOrigin(target: Endpoint): boolean {
    return this.#object.map('origins').delete(endpointBytes(target));
  }

  /**
   * Puts a table (see `firstGeneration`) in the place of a service's present one, for all packets from one moment on. The kernel
   * lets go of the old one when no program reads it any more; we wait for that on another thread.
   */
  async swapTable(service: number, pairs: Uint32Array): Promise<void> {
    if (pairs.length !== SLOTS) throw new RangeError(`a table has ${SLOTS} slots, not ${pairs.length}`);
    const created = libbpf().bpf_map_create(MAP_TYPE_ARRAY, 'slots', 4, TABLE_BYTES, 1, null);
    const table = checked(created, 'making a table');
    try {
      const value = new Uint8Array(pairs.buffer, pairs.byteOffset, TABLE_BYTES);
      checked(libbpf().bpf_map_update_elem(table, numberKey(0), value, 0), 'filling a table');
      await this.#object.map('tables').setInBackground(numberKey(service), numberKey(table));
    } finally {
      closeSync(table);
    }
  }

  /** The table that the kernel uses now, whoever put it there; null when there is none. */
  table(service: number): Uint32Array | null {
    // A look-up in a map of maps gives the number of the inner one.
    const id = this.#object.map('tables').get(numberKey(service));
    if (id === null) return null;
    const table = checked(libbpf().bpf_map_get_fd_by_id(id.readUInt32LE(0)), 'opening a table');
    try {
      const pairs = new Uint32Array(SLOTS);
      const bytes = new Uint8Array(pairs.buffer);
      checked(libbpf().bpf_map_lookup_elem(table, numberKey(0), bytes), 'reading a table');
      return pairs;
    } finally {
      closeSync(table);
    }
  }

  removeTable(service: number): boolean {
    return this.#object.map('tables').delete(numberKey(service));
  }

  listenerTraffic(number: number): Traffic {
    return readTraffic(this.#object.map('listener_traffic').getPerCpu(numberKey(number)) ?? []);
  }

  targetTraffic(number: number): Traffic {
    return readTraffic(this.#object.map('target_traffic').getPerCpu(numberKey(number)) ?? []);
  }

  /** What became of packets that did not simply go to a target. */
  outcomes(): Record<Outcome, bigint> {
    const map = this.#object.map('outcomes');
    return Object.fromEntries(
      OUTCOMES.map((name, index) => {
        return [name, sumOf(map.getPerCpu(numberKey(index)) ?? [])];
      }),
    ) as Record<Outcome, bigint>;
  }

  /** Whether any listener `hidesClients`: only then are answers to this node's own addresses looked at. */
  hideClients(on: boolean): void {
    this.#guard('borrowers', on);
  }

  /**
   * Whether packets that NAT has translated go on at once, by the kernel's route and to its neighbour, where the programs can
   * do that (tcx). Else the kernel routes them: through its filters, and for some microseconds more.
   */
  shortenWay(on: boolean): void {
    this.#guard('short_way', on);
  }

  /**
   * Programs at tcx hand what goes to these devices, and no others, to their other ends (`containerDevices`). Of two whose
   * numbers end in the same bits, the first; the other is reached by the device.
   */
  setContainers(devices: readonly number[]): void {
    this.#containers ??= new ContainerPlaces(this.#object.map('containers'));
    if (devices.length === 0) this.#guard('containers', false);
    this.#containers.set(devices);
    if (devices.length > 0) this.#guard('containers', true);
  }

  /** Whether somebody takes the news (`takeNews`). */
  shareFlows(on: boolean): void {
    this.#guard('news', on);
    if (!on) this.takeNews(Number.POSITIVE_INFINITY);
  }

  /** Flows that the kernel has written down since they were last taken, the oldest first. */
  takeNews(most: number): FlowRecord[] {
    const queue = this.#object.map('news');
    const news = this.#taken.splice(0, most);
    while (news.length < most) {
      const bytes = queue.take();
      if (bytes === null) break;
      news.push(readFlowRecord(bytes));
    }
    return news;
  }

  /** All flows that are written down, some at a time. */
  *flowRecords(atOnce: number): Generator<FlowRecord[]> {
    let records: FlowRecord[] = [];
    for (const { key, value } of this.#object.map('exceptions').entries()) {
      const idleSeconds = idleOf(value, secondsNow());
      records.push({ key: Buffer.from(key), target: value.readUInt16LE(0), idleSeconds });
      if (records.length < atOnce) continue;
      yield records;
      records = [];
    }
    if (records.length > 0) yield records;
  }

  /** The same, for people. */
  *flows(): Generator<ListedFlow> {
    const now = secondsNow();
    for (const { key, value } of this.#object.map('exceptions').entries()) yield listFlow(key, value, now);
  }

  /**
   * Writes down a flow that another node has told of, as established, and last seen when it was there. A flow that is
   * written down here goes on with what it has; the other's news is then how long it has lived. Returns whether it is new.
   */
  rememberFlow({ key, target, idleSeconds }: FlowRecord): boolean {
    const map = this.#object.map('exceptions');
    const now = secondsNow();
    const entry = entryBytes(target, Math.max(0, now - idleSeconds));
    if (map.add(key, entry)) return true;
    const present = map.get(key);
    const isSame = present?.readUInt16LE(0) === target && present[2] === entry[2];
    if (isSame && idleOf(present, now) > idleSeconds) map.set(key, entry);
    return false;
  }

  /**
   * Strikes out whatever would lead anybody to targets of these numbers, which are in no table and marked as gone: flows
   * that are written down, clients that are kept, and news. Resolves with how much there was. Walks the maps; others have
   * their turn in between.
   */
  async forgetTargets(targets: ReadonlySet<number>): Promise<number> {
    let struckOut = 0;
    for (const name of ['exceptions', 'visits']) {
      const map = this.#object.map(name);
      for (const batch of map.batches()) {
        for (const { key, value } of batch) {
          if (targets.has(value.readUInt16LE(0)) && map.delete(key)) struckOut++;
        }
        await turn();
      }
    }
    const most = this.#object.map('news').shape.maxEntries;
    for (let looked = 0; looked < most; looked += NEWS_AT_ONCE) {
      const asked = this.#taken.length + NEWS_AT_ONCE;
      const taken = this.takeNews(asked);
      const kept = taken.filter(({ target }) => !targets.has(target));
      this.#taken = kept.slice(-most);
      struckOut += taken.length - kept.length;
      if (taken.length < asked) break;
      await turn();
    }
    return struckOut;
  }

  /** Programs remember of addresses that are no VIPs that nobody listens there: so one is a VIP before it has a listener. */
  #prepare({ address }: Endpoint, { isNode }: ListenerSettings): void {
    const [vips, key] = [this.#object.map('vips'), addressBytes(address)];
    if (isNode === true || vips.get(key) !== null) return;
    this.addVip(address);
  }

  /** Whether programs look at this map at all. */
  #guard(name: Guard, on: boolean): void {
    this.#change({ [name]: on }, false);
  }

  /** Which maps programs look at, those that are not named as before. `renews`: and they forget what they remember. */
  #change(inUse: Partial<Record<Guard, boolean>>, renews: boolean): void {
    const guards = this.#object.map('guards');
    const before = guards.get(numberKey(0))!.readUInt32LE(0);
    let after = before;
    for (const [name, on] of Object.entries(inUse)) {
      after = on ? after | GUARDS[name as Guard] : after & ~GUARDS[name as Guard];
    }
    if (renews) after += GENERATION_UNIT;
    if (after !== before) guards.set(numberKey(0), numberKey(after >>> 0));
  }

  /** How many flows are written down because they are in changed slots. Walks the map: not for every second. */
  countExceptions(): number {
    return this.#object.map('exceptions').count();
  }
}

/** On the clock of the kernel's programs, which is that of `hrtime`: since the machine started. */
function secondsNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000_000n);
}

function sumOf(perCpu: readonly Buffer[]): bigint {
  return perCpu.reduce((total, bytes) => total + bytes.readBigUInt64LE(0), 0n);
}
