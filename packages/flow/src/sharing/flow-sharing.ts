import type { Duplex } from 'node:stream';
import type { Datapath } from '../datapath/datapath.ts';
import type { FlowRecord } from '../datapath/flow-record.ts';
import { type Generation, renumber } from '../maglev/generations.ts';
import type { SlotAges } from '../maglev/unsettled.ts';
import { EarlyFlows } from './early-flows.ts';
import { encodeFrame, FRAME_KINDS, type Frame, type FrameKind, FrameReader } from './frames.ts';
import {
  decodeAgedTable,
  decodeFlows,
  decodeNumbers,
  decodeTable,
  encodeAgedTable,
  encodeFlows,
  encodeNumbers,
  encodeTable,
  hearsAges,
  joinNumbers,
  NO_NUMBERS,
  type Numbers,
  newNumbers,
} from './zone-view.ts';

export interface FlowSharingOptions {
  readonly datapath: Datapath;
  /** The numbers of this node as they are now: the same object until `renumbered`. */
  readonly numbers: () => Numbers;
  /**
   * A peer's table of a service, once for each connection, in our numbers; what it does not say is 0. Where its slots are
   * unsettled, it comes once more, with how long they have been so.
   */
  readonly onTable?: (service: string, generation: Generation, ages: SlotAges | null) => void;
  /** How long slots of a service have been unsettled here; null: they are settled. */
  readonly ages?: (service: number) => SlotAges | null;
  /** A peer has told all that it had when it connected. */
  readonly onTold?: (peer: Duplex) => void;
  /** Why a peer was given up: what it said made no sense, or it does not read. */
  readonly onLost?: (peer: Duplex, reason: Error) => void;
  /** Milliseconds, of a clock that only goes forward. */
  readonly now?: () => number;
}

/**
 * Flows that go into one frame, and that one call of `tell` takes from the kernel, some 5 ms of work. More than these at
 * every call make the oldest in the kernel's queue make room; `refresh` tells of them later.
 */
const FLOWS_AT_ONCE = 4096;
/** A peer that has left so much unread is given up; when it connects again, it gets everything anew. */
const MOST_UNREAD = 8 * 1024 * 1024;
/** What is told all at once waits from here on until the peer has read it. */
const AHEAD = 1024 * 1024;

interface Peer {
  numbers: Numbers | null;
}

/**
 * Tells the other nodes of a zone which flows are written down here and where they go, and writes down theirs. Without
 * it, a flow that began in a changed slot is known to one node alone, and lost with it. What connects nodes is the
 * caller's: any stream whose other end is known to be one.
 *
 * A peer gets all tables and all flows that are written down when it connects, and from then on what is new, as often
 * as `tell` is called. No peer waits for another one with that.
 */
export class FlowSharing {
  readonly #options: FlowSharingOptions;
  readonly #peers = new Map<Duplex, Peer>();
  readonly #early: EarlyFlows;
  /** What peers know of our numbers. */
  #named: Numbers = NO_NUMBERS;
  #ours: { readonly of: Numbers; readonly byName: ReadonlyMap<string, number> } | null = null;
  #learnt = 0;
  #told = 0;
  #isRefreshing = false;

  constructor(options: FlowSharingOptions) {
    this.#options = options;
    this.#early = new EarlyFlows(options.now ?? (() => performance.now()));
  }

  get peers(): number {
    return this.#peers.size;
  }

  /** Flows of others that were written down here. */
  get learnt(): number {
    return this.#learnt;
  }

  /** Flows that were written down here and told to whoever was there. */
  get told(): number {
    return this.#told;
  }

  /** Begins to talk; ends with the stream. */
  add(peer: Duplex): void {
    const reader = new FrameReader();
    this.renumbered();
    this.#peers.set(peer, { numbers: null });
    this.#options.datapath.shareFlows(true);
    peer.on('error', (error) => this.#giveUp(peer, error));
    peer.on('close', () => this.#forget(peer));
    peer.on('data', (bytes: Buffer) => {
      try {
        for (const frame of reader.read(bytes)) this.#hear(peer, frame);
      } catch (error) {
        this.#giveUp(peer, error as Error);
      }
    });
    this.#send(peer, FRAME_KINDS.numbers, encodeNumbers(this.#named));
    this.#tellAll(peer).catch((error: unknown) => this.#giveUp(peer, error as Error));
  }

  /** Numbers of this node have changed: to be called before a table that uses them is put in place. */
  renumbered(): void {
    const now = this.#options.numbers();
    const more = newNumbers(this.#named, now);
    this.#named = now;
    if (more.targets.size + more.services.size === 0) return;
    this.#broadcast(FRAME_KINDS.numbers, encodeNumbers(more));
    const ours = this.#byName();
    for (const flow of this.#early.take((name) => ours.get(name))) this.#remember(flow);
  }

  /** Sends what was written down since the last call; returns how much. For every 20 ms or so. */
  tell(): number {
    if (this.#peers.size === 0) return 0;
    const news = this.#options.datapath.takeNews(FLOWS_AT_ONCE);
    if (news.length > 0) this.#broadcast(FRAME_KINDS.flows, encodeFlows(news));
    this.#told += news.length;
    return news.length;
  }

  /**
   * Sends the flows that have had a packet in the last `seconds` once more, so that the copies of those that live longer
   * than their listener's idle time do not age. For twice in the shortest idle time. One walk does for all peers, as fast
   * as the slowest of them reads; called while one goes on, it begins no other.
   */
  async refresh(seconds: number): Promise<void> {
    if (this.#isRefreshing || this.#peers.size === 0) return;
    this.#isRefreshing = true;
    try {
      for (const records of this.#options.datapath.flowRecords(FLOWS_AT_ONCE)) {
        const fresh = records.filter(({ idleSeconds }) => idleSeconds <= seconds);
        if (fresh.length > 0) this.#broadcast(FRAME_KINDS.flows, encodeFlows(fresh));
        await Promise.all(Array.from(this.#peers.keys(), (peer) => this.#readBy(peer)));
        if (this.#peers.size === 0) return;
      }
    } finally {
      this.#isRefreshing = false;
    }
  }

  /** So that peers can tell silence from death. */
  live(): void {
    this.#broadcast(FRAME_KINDS.alive, Buffer.alloc(0));
  }

  /** Nothing is asked of the kernel from here on; there, flows go on being put into the queue for who comes next. */
  close(): void {
    const peers = [...this.#peers.keys()];
    this.#peers.clear();
    for (const peer of peers) peer.destroy();
  }

  async #tellAll(peer: Duplex): Promise<void> {
    const { datapath, numbers } = this.#options;
    for (const service of [...numbers().services.keys()]) {
      if (!this.#peers.has(peer)) return;
      const pairs = datapath.table(service);
      if (pairs !== null) this.#send(peer, FRAME_KINDS.table, encodeTable(service, pairs));
      await this.#readBy(peer);
    }
    if (!this.#peers.has(peer)) return;
    for (const records of datapath.flowRecords(FLOWS_AT_ONCE)) {
      if (records.length > 0) this.#send(peer, FRAME_KINDS.flows, encodeFlows(records));
      await this.#readBy(peer);
      if (!this.#peers.has(peer)) return;
    }
    this.#send(peer, FRAME_KINDS.told, Buffer.alloc(0));
  }

  async #tellAges(peer: Duplex): Promise<void> {
    const { datapath, numbers, ages } = this.#options;
    for (const service of [...numbers().services.keys()]) {
      if (!this.#peers.has(peer)) return;
      const own = ages?.(service) ?? null;
      const pairs = own === null ? null : datapath.table(service);
      if (own !== null && pairs !== null) this.#send(peer, FRAME_KINDS.agedTable, encodeAgedTable(service, pairs, own));
      await this.#readBy(peer);
    }
  }

  /** Once the peer has taken most of what was sent, or is gone; others have their turn in between. */
  async #readBy(peer: Duplex): Promise<void> {
    if (peer.writableLength <= AHEAD || !this.#peers.has(peer)) {
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    await new Promise<void>((resolve) => {
      const done = () => {
        peer.off('drain', done);
        peer.off('close', done);
        resolve();
      };
      peer.on('drain', done);
      peer.on('close', done);
    });
  }

  #broadcast(kind: FrameKind, content: Buffer): void {
    const frame = encodeFrame(kind, content);
    for (const peer of [...this.#peers.keys()]) this.#write(peer, frame);
  }

  #send(peer: Duplex, kind: FrameKind, content: Buffer): void {
    this.#write(peer, encodeFrame(kind, content));
  }

  #write(peer: Duplex, frame: Buffer): void {
    if (!this.#peers.has(peer)) return;
    if (peer.writableLength > MOST_UNREAD) {
      this.#giveUp(peer, new Error(`it has left ${peer.writableLength} bytes unread`));
      return;
    }
    peer.write(frame);
  }

  #hear(peer: Duplex, { kind, content }: Frame): void {
    const known = this.#peers.get(peer);
    if (known === undefined) return; // given up meanwhile
    switch (kind) {
      case FRAME_KINDS.numbers:
        if (known.numbers === null && hearsAges(content)) {
          this.#tellAges(peer).catch((error: unknown) => this.#giveUp(peer, error as Error));
        }
        known.numbers = joinNumbers(known.numbers ?? NO_NUMBERS, decodeNumbers(content));
        return;
      case FRAME_KINDS.flows:
        this.#hearFlows(namedBy(known), content);
        return;
      case FRAME_KINDS.table:
        this.#hearTable(namedBy(known), decodeTable(content));
        return;
      case FRAME_KINDS.agedTable:
        this.#hearTable(namedBy(known), decodeAgedTable(content));
        return;
      case FRAME_KINDS.told:
        this.#options.onTold?.(peer);
        return;
      case FRAME_KINDS.alive:
        return;
      default:
        throw new Error(`it sends frames of kind ${kind}`);
    }
  }

  #hearFlows({ targets }: Numbers, content: Buffer): void {
    const ours = this.#byName();
    const early = new Map<string, FlowRecord[]>();
    for (const flow of decodeFlows(content)) {
      const name = targets.get(flow.target);
      if (name === undefined) continue; // a target that is gone
      const number = ours.get(name);
      if (number !== undefined) {
        this.#remember({ ...flow, target: number });
        continue;
      }
      const flows = early.get(name) ?? [];
      early.set(name, flows);
      flows.push({ ...flow, key: Buffer.from(flow.key) }); // the frame itself is not kept
    }
    for (const [name, flows] of early) this.#early.add(name, flows);
  }

  #hearTable(
    { targets, services }: Numbers,
    { service, pairs, ages }: ReturnType<typeof decodeTable> & { readonly ages?: SlotAges },
  ): void {
    const name = services.get(service);
    if (name === undefined) return;
    const ours = this.#byName();
    this.#options.onTable?.(
      name,
      renumber(pairs, (number) => ours.get(targets.get(number) ?? '') ?? 0),
      ages ?? null,
    );
  }

  #remember(flow: FlowRecord): void {
    this.#learnt += Number(this.#options.datapath.rememberFlow(flow));
  }

  /** Our numbers of targets by their names. */
  #byName(): ReadonlyMap<string, number> {
    const numbers = this.#options.numbers();
    if (this.#ours?.of !== numbers) {
      this.#ours = { of: numbers, byName: new Map(Array.from(numbers.targets, ([number, name]) => [name, number])) };
    }
    return this.#ours.byName;
  }

  #giveUp(peer: Duplex, reason: Error): void {
    if (!this.#peers.has(peer)) return;
    this.#forget(peer);
    peer.destroy();
    this.#options.onLost?.(peer, reason);
  }

  #forget(peer: Duplex): void {
    if (!this.#peers.delete(peer)) return;
    if (this.#peers.size === 0) this.#options.datapath.shareFlows(false);
  }
}

function namedBy(peer: Peer): Numbers {
  if (peer.numbers === null) throw new Error('it sends numbers without having named them');
  return peer.numbers;
}
