import type { Duplex } from 'node:stream';
import type { Datapath } from '../datapath/datapath.ts';
import { type Generation, renumber } from '../maglev/generations.ts';
import { encodeFrame, FRAME_KINDS, type Frame, type FrameKind, FrameReader } from './frames.ts';
import {
  decodeFlows,
  decodeNumbers,
  decodeTable,
  encodeFlows,
  encodeNumbers,
  encodeTable,
  type Numbers,
} from './zone-view.ts';

export interface FlowSharingOptions {
  readonly datapath: Datapath;
  /** The numbers of this node as they are now. */
  readonly numbers: () => Numbers;
  /** A peer's table of a service, once for each connection, in our numbers; what it does not say is 0. */
  readonly onTable?: (service: string, generation: Generation) => void;
  /** Why a peer was given up: what it said made no sense, or it does not read. */
  readonly onLost?: (reason: Error) => void;
}

/** Flows that go into one frame, and frames' worth of them that are sent before others may speak. */
const FLOWS_AT_ONCE = 4096;
/** A peer that has left so much unread is given up; when it connects again, it gets everything anew. */
const MOST_UNREAD = 32 * 1024 * 1024;

/**
 * Tells the other nodes of a zone which flows are written down here and where they go, and writes down theirs. Without
 * it, a flow that began in a changed slot is known to one node alone, and lost with it. What connects nodes is the
 * caller's: any stream whose other end is known to be one (TLS with the certificates of the zone).
 *
 * A peer gets all tables and all flows that are written down when it connects, and from then on what is new, as often
 * as `tell` is called.
 */
export class FlowSharing {
  readonly #options: FlowSharingOptions;
  readonly #peers = new Map<Duplex, Numbers | null>();
  /** Flows of others that were written down here. */
  #learnt = 0;

  constructor(options: FlowSharingOptions) {
    this.#options = options;
  }

  get peers(): number {
    return this.#peers.size;
  }

  get learnt(): number {
    return this.#learnt;
  }

  /** Begins to talk; ends with the stream. */
  add(peer: Duplex): void {
    const reader = new FrameReader();
    this.#peers.set(peer, null);
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
    this.#send(peer, FRAME_KINDS.numbers, encodeNumbers(this.#options.numbers()));
    const { datapath, numbers } = this.#options;
    for (const service of numbers().services.keys()) {
      const pairs = datapath.table(service);
      if (pairs !== null) this.#send(peer, FRAME_KINDS.table, encodeTable(service, pairs));
    }
    this.#sendAll([peer]);
  }

  /** Numbers of this node have changed: to be called before a table that uses them is put in place. */
  renumbered(): void {
    const content = encodeNumbers(this.#options.numbers());
    for (const peer of this.#peers.keys()) this.#send(peer, FRAME_KINDS.numbers, content);
  }

  /** Sends what was written down since the last call; returns how much. For every 50 ms or so. */
  tell(): number {
    let told = 0;
    for (;;) {
      const news = this.#options.datapath.takeNews(FLOWS_AT_ONCE);
      if (news.length === 0) return told;
      told += news.length;
      const content = encodeFlows(news);
      for (const peer of this.#peers.keys()) this.#send(peer, FRAME_KINDS.flows, content);
    }
  }

  /**
   * Sends all that is written down once more, so that the copies of flows that live longer than their listener's idle time
   * do not age. For twice in the shortest idle time.
   */
  refresh(): void {
    this.#sendAll([...this.#peers.keys()]);
  }

  close(): void {
    for (const peer of [...this.#peers.keys()]) peer.destroy();
  }

  #sendAll(peers: readonly Duplex[]): void {
    if (peers.length === 0) return;
    for (const records of this.#options.datapath.flowRecords(FLOWS_AT_ONCE)) {
      const content = encodeFlows(records);
      for (const peer of peers) this.#send(peer, FRAME_KINDS.flows, content);
    }
  }

  #send(peer: Duplex, kind: FrameKind, content: Buffer): void {
    if (!this.#peers.has(peer)) return;
    if (peer.writableLength > MOST_UNREAD) {
      this.#giveUp(peer, new Error(`a peer has left ${peer.writableLength} bytes unread`));
      return;
    }
    peer.write(encodeFrame(kind, content));
  }

  #hear(peer: Duplex, { kind, content }: Frame): void {
    if (kind === FRAME_KINDS.numbers) {
      this.#peers.set(peer, decodeNumbers(content));
      return;
    }
    const theirs = this.#peers.get(peer);
    if (!theirs) throw new Error('a peer sends numbers without having named them');
    const ours = new Map([...this.#options.numbers().targets].map(([number, name]) => [name, number]));
    const translate = (number: number) => ours.get(theirs.targets.get(number) ?? '') ?? 0;
    if (kind === FRAME_KINDS.flows) {
      // A target that we do not have yet, or no more, is none that we could send packets to.
      for (const { key, target } of decodeFlows(content)) {
        const number = translate(target);
        if (number !== 0) this.#learnt += Number(this.#options.datapath.rememberFlow({ key, target: number }));
      }
      return;
    }
    if (kind !== FRAME_KINDS.table) throw new Error(`a peer sends frames of kind ${kind}`);
    const { service, pairs } = decodeTable(content);
    const name = theirs.services.get(service);
    if (name !== undefined) this.#options.onTable?.(name, renumber(pairs, translate));
  }

  #giveUp(peer: Duplex, reason: Error): void {
    if (!this.#peers.has(peer)) return;
    this.#forget(peer);
    peer.destroy();
    this.#options.onLost?.(reason);
  }

  #forget(peer: Duplex): void {
    this.#peers.delete(peer);
    if (this.#peers.size === 0) this.#options.datapath.shareFlows(false);
  }
}
