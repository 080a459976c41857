import type { ReportedSharing, SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import type { Logger } from 'pino';
import type { Clock, Random, Timer } from '../clock/clock.ts';
import { reachableAddress } from './own-address.ts';
import type { SharingKeys } from './sharing-keys.ts';
import type { SharedKernel, SharingSession } from './sharing-session.ts';

/** Milliseconds that a node waits for what others know before it counts as one that has joined. */
const JOIN_PATIENCE = 10_000;
/** Milliseconds until an address that could not be had is tried again. */
const LISTEN_AGAIN = 5_000;
/** Milliseconds between two looks at whether a node that joins knows all. */
const LOOK = 100;

export interface ZoneSharingOptions {
  readonly nodeId: string;
  /** `auto`, `off`, or an address of this node. */
  readonly address: string;
  readonly port: number;
  readonly keys: SharingKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Whether health checks have come to a conclusion about all targets: their tables change until then. */
  readonly isJudged: () => boolean;
  /** `report` says something else. */
  readonly onReport: () => void;
  /** The node knows what the others know, or has waited for it in vain. Once for each kernel that it follows. */
  readonly onJoined: () => void;
}

export interface SharingCounts {
  /** Nodes that are connected. */
  readonly peers: number;
  /** Flows that this node has told of, and that it has learnt from others. */
  readonly told: number;
  readonly learnt: number;
}

/**
 * Shares the flows that the kernel has written down with the other nodes of the zone, as long as the kernel carries
 * listeners. The control plane says who they are; how it begins and ends is here, what goes on in between in the session.
 */
export class ZoneSharing {
  readonly #options: ZoneSharingOptions;
  #kernel: SharedKernel | null = null;
  #session: SharingSession | null = null;
  #listening: { readonly address: string; readonly port: number } | null = null;
  #failure = '';
  #local: string | null = null;
  #peers: readonly SharingPeer[] | null = null;
  #joined = false;
  #joinTimer: Timer | null = null;
  #listenTimer: Timer | null = null;
  #lastReport = 'null';

  constructor(options: ZoneSharingOptions) {
    this.#options = options;
  }

  get hasJoined(): boolean {
    return this.#joined;
  }

  /** The kernel that carries listeners now; null: none. The same one may be told again. */
  follow(kernel: SharedKernel | null): void {
    if (kernel === this.#kernel) return;
    this.#end();
    this.#kernel = kernel;
    if (kernel === null) return;
    this.#lookLater(this.#options.clock.now() + JOIN_PATIENCE);
    if (this.#options.address !== 'off') void this.#begin(kernel);
  }

  /** The stream to the control plane is open, from this address of ours. */
  connected(local: string): void {
    this.#local = local;
    if (this.#kernel !== null && this.#session === null) void this.#begin(this.#kernel);
  }

  setPeers(peers: readonly SharingPeer[]): void {
    this.#peers = peers;
    this.#session?.setPeers(peers);
    this.#changed();
  }

  /** null: there is nothing to share. */
  report(): ReportedSharing | null {
    if (this.#kernel === null || this.#options.address === 'off') return null;
    const state = this.#failure !== '' ? 'failed' : this.#joined ? 'sharing' : 'joining';
    const { address = null, port = null } = this.#listening ?? {};
    return { state, reason: this.#failure, address, port, peers: [...(this.#session?.peers() ?? [])] };
  }

  counts(): SharingCounts | null {
    return this.#session?.counts ?? null;
  }

  async #begin(kernel: SharedKernel): Promise<void> {
    const { nodeId, keys, clock, random, log, port } = this.#options;
    const address = this.#ownAddress();
    if (address === null || this.#session !== null || this.#options.address === 'off') return;
    const { SharingSession } = await import('./sharing-session.ts');
    if (this.#kernel !== kernel || this.#session !== null) return;
    const onChange = () => this.#changed();
    const session = new SharingSession({ kernel, nodeId, keys, clock, random, log, onChange });
    this.#session = session;
    try {
      const bound = await session.listen(address, port);
      if (this.#session !== session) return;
      this.#listening = { address, port: bound };
      this.#failure = '';
      log.info({ address, port: bound }, 'other nodes may share flows with this one');
      if (this.#peers !== null) session.setPeers(this.#peers);
    } catch (error) {
      if (this.#session !== session) return;
      session.close();
      this.#session = null;
      const failure = `cannot listen on ${address} port ${port} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
      if (failure !== this.#failure) log.warn({ reason: failure }, 'flows are not shared with other nodes');
      this.#failure = failure;
      this.#listenTimer = clock.setTimer(LISTEN_AGAIN, () => void this.#begin(kernel));
    }
    this.#changed();
  }

  #ownAddress(): string | null {
    const { address } = this.#options;
    if (address !== 'auto') return address;
    return this.#local === null ? null : reachableAddress(this.#local);
  }

  #lookLater(deadline: number): void {
    const { clock, isJudged } = this.#options;
    this.#joinTimer = clock.setTimer(LOOK, () => {
      if (clock.now() >= deadline || (this.#knowsOthers() && isJudged())) this.#join();
      else this.#lookLater(deadline);
    });
  }

  /** Whether every other node that can be reached has told what it knows. */
  #knowsOthers(): boolean {
    if (this.#options.address === 'off') return true;
    return this.#peers !== null && this.#listening !== null && this.#session?.isSettled === true;
  }

  #changed(): void {
    const report = JSON.stringify(this.report());
    if (report === this.#lastReport) return;
    this.#lastReport = report;
    this.#options.onReport();
  }

  #join(): void {
    if (this.#joined || this.#kernel === null) return;
    this.#joined = true;
    this.#joinTimer?.cancel();
    this.#options.onJoined();
    this.#changed();
  }

  #end(): void {
    this.#joinTimer?.cancel();
    this.#listenTimer?.cancel();
    this.#session?.close();
    this.#session = null;
    this.#listening = null;
    this.#failure = '';
    this.#joined = false;
    this.#kernel = null;
    this.#changed();
  }
}
