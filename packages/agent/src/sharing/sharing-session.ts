import type { Duplex } from 'node:stream';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Generation } from '@evenkeel/flow/maglev/generations.ts';
import type { SlotAges } from '@evenkeel/flow/maglev/unsettled.ts';
import { FlowSharing } from '@evenkeel/flow/sharing/flow-sharing.ts';
import type { Numbers } from '@evenkeel/flow/sharing/zone-view.ts';
import type { ReportedPeer, SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import type { Logger } from 'pino';
import type { Clock, Random, Timer } from '../clock/clock.ts';
import { PeerLinks, SILENCE } from './peer-links.ts';
import type { SharingKeys } from './sharing-keys.ts';

/** Milliseconds between two looks at what was written down: so long may a flow be known to this node alone. */
const TELL = 20;

/** The kernel's tables and flows, as far as other nodes are told of them. */
export interface SharedKernel {
  readonly datapath: Datapath;
  /** Another object whenever a number has another meaning. */
  readonly numbers: Numbers;
  /** Seconds: the shortest idle time of a listener. */
  readonly shortestIdle: number;
  /** Called when `numbers` has changed, before a table that uses them is put in place. */
  onNumbers: () => void;
  /** Another node's table, for a service whose first table is this process's. */
  learn(service: string, generation: Generation, ages: SlotAges | null): void;
  /** How long slots of a service have been unsettled, by its number; null: they are settled. */
  ages(service: number): SlotAges | null;
}

export interface SharingSessionOptions {
  readonly kernel: SharedKernel;
  readonly nodeId: string;
  readonly keys: SharingKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** Sharing as it goes on: streams to other nodes, and what is said on them. */
export class SharingSession {
  readonly #options: SharingSessionOptions;
  readonly #links: PeerLinks;
  readonly #flows: FlowSharing;
  readonly #timers = new Map<string, Timer>();
  /** Streams whose node has yet to tell all that it has. */
  readonly #telling = new Set<Duplex>();

  constructor(options: SharingSessionOptions) {
    const { kernel, nodeId, keys, clock, random, log, onChange } = options;
    this.#options = options;
    this.#flows = new FlowSharing({
      datapath: kernel.datapath,
      numbers: () => kernel.numbers,
      now: () => clock.now(),
      onTable: (service, generation, ages) => kernel.learn(service, generation, ages),
      ages: (service) => kernel.ages(service),
      onTold: (peer) => this.#told(peer),
      onLost: (_peer, reason) => log.warn({ reason: reason.message }, 'a node that shares flows is given up'),
    });
    this.#links = new PeerLinks({
      nodeId,
      keys,
      clock,
      random,
      log,
      onChange,
      onLink: (_node, stream) => this.#begin(stream),
    });
    kernel.onNumbers = () => this.#flows.renumbered();
    this.#every(
      'tell',
      () => TELL,
      () => this.#flows.tell(),
    );
    this.#every(
      'live',
      () => SILENCE / 3,
      () => this.#flows.live(),
    );
    this.#every(
      'refresh',
      () => this.#refreshPace(),
      () => this.#refresh(),
    );
  }

  /** Resolves with the port. */
  listen(address: string, port: number): Promise<number> {
    return this.#links.listen(address, port);
  }

  setPeers(peers: readonly SharingPeer[]): void {
    this.#links.setPeers(peers);
  }

  peers(): readonly ReportedPeer[] {
    return this.#links.peers();
  }

  /** Whether every node that can be reached has told what it has. */
  get isSettled(): boolean {
    return this.#links.isSettled && this.#telling.size === 0;
  }

  get counts(): { readonly peers: number; readonly told: number; readonly learnt: number } {
    return { peers: this.#flows.peers, told: this.#flows.told, learnt: this.#flows.learnt };
  }

  /** Before the kernel is let go of. */
  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#options.kernel.onNumbers = () => {};
    this.#links.close();
    this.#flows.close();
  }

  #begin(stream: Duplex): void {
    this.#telling.add(stream);
    stream.on('close', () => this.#told(stream));
    this.#flows.add(stream);
  }

  #told(stream: Duplex): void {
    if (this.#telling.delete(stream)) this.#options.onChange();
  }

  /** Copies have to be told of before their listener's idle time is over, and what is told is up to a pace old. */
  #refreshPace(): number {
    return Math.max(1_000, (this.#options.kernel.shortestIdle * 1_000) / 3);
  }

  #refresh(): void {
    const seconds = Math.ceil(this.#refreshPace() / 1_000) + 1;
    this.#flows.refresh(seconds).catch((error) => {
      this.#options.log.error({ err: error }, 'sharing flows: refresh has failed');
    });
  }

  #every(name: string, pace: () => number, work: () => void): void {
    const timer = this.#options.clock.setTimer(pace(), () => {
      try {
        work();
      } catch (error) {
        this.#options.log.error({ err: error }, `sharing flows: ${name} has failed`);
      }
      if (this.#timers.has(name)) this.#every(name, pace, work);
    });
    this.#timers.set(name, timer);
  }
}
