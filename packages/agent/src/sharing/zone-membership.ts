import type { ZoneKey } from '@evenkeel/model/plan/membership.ts';
import type { ReportedSharing, SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import type { Logger } from 'pino';
import type { Clock, Random } from '../clock/clock.ts';
import type { SharingOptions } from './setting.ts';
import type { SharingKeys } from './sharing-keys.ts';
import type { SharedKernel } from './sharing-session.ts';
import { VipRoutes } from './vip-routes.ts';
import { type SharingCounts, ZoneSharing } from './zone-sharing.ts';

/** Milliseconds for which packets are balanced after VIPs were withdrawn: routers have to hear of it. */
const NOTICE = 2_000;

/** The kernel that balances here, as the zone sees it. */
export interface ZoneKernel extends SharedKernel {
  /** VIPs of the listeners that it carries and that are to stay. */
  readonly addresses: readonly string[];
  /** This node counts as one that has joined: nothing is learnt of tables any more. */
  joined(): void;
}

export interface ZoneMembershipOptions extends SharingOptions {
  readonly nodeId: string;
  readonly keys: SharingKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Whether health checks have come to a conclusion about all targets. */
  readonly isJudged: () => boolean;
  /** `report` says something else. */
  readonly onReport: () => void;
}

/** This node among those of its zone: it shares flows with them, and announces its VIPs once it knows what they know. */
export class ZoneMembership {
  readonly #clock: Clock;
  readonly #keys: SharingKeys;
  readonly #sharing: ZoneSharing;
  /** null: VIPs are not announced. */
  readonly #routes: VipRoutes | null;
  #kernel: ZoneKernel | null = null;
  #leaving = false;

  constructor(options: ZoneMembershipOptions) {
    const { announceTable, log, clock, keys } = options;
    this.#clock = clock;
    this.#keys = keys;
    this.#routes = announceTable === 0 ? null : new VipRoutes(announceTable, log);
    this.#sharing = new ZoneSharing({ ...options, onJoined: () => this.#joined() });
  }

  /** What the kernel carries has changed; null: it carries nothing. */
  follow(kernel: ZoneKernel | null): void {
    this.#kernel = kernel;
    this.#sharing.follow(kernel);
    if (kernel === null || this.#sharing.hasJoined) this.#announce();
  }

  /** Another process sees to the kernel from now on, and to what is announced. */
  pause(): void {
    this.#kernel = null;
    this.#sharing.follow(null);
  }

  /** The stream to the control plane is open, from this address of ours. */
  connected(local: string): void {
    this.#sharing.connected(local);
  }

  setPeers(peers: readonly SharingPeer[]): void {
    this.#sharing.setPeers(peers);
  }

  /** The keys by which nodes of the zone know each other. */
  setKeys(keys: readonly ZoneKey[]): void {
    this.#keys.set(keys);
  }

  report(): ReportedSharing | null {
    return this.#sharing.report();
  }

  counts(): SharingCounts | null {
    return this.#sharing.counts();
  }

  /**
   * Withdraws all VIPs. Resolves when packets may cease to be balanced: at once where nothing was announced, after at most
   * `patience` milliseconds otherwise.
   */
  async leave(patience: number): Promise<void> {
    this.#leaving = true;
    const withdrawn = (await this.#routes?.withdraw()) ?? 0;
    if (withdrawn > 0) await this.#pause(Math.min(NOTICE, patience));
  }

  /** The same for VIPs that go while others stay: they may be carried elsewhere by now. null: none is announced from here. */
  withdrawAllBut(staying: readonly string[]): Promise<void> | null {
    if (this.#leaving || this.#routes === null) return null;
    return this.#routes.retain(staying).then((withdrawn) => (withdrawn > 0 ? this.#pause(NOTICE) : undefined));
  }

  #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.setTimer(milliseconds, resolve);
    return promise;
  }

  #joined(): void {
    this.#kernel?.joined();
    this.#announce();
  }

  #announce(): void {
    if (!this.#leaving) void this.#routes?.set(this.#kernel?.addresses ?? []);
  }
}
