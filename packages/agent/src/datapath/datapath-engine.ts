import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener, ReportedDatapath, ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import {
  type EngineChange,
  type EngineService,
  isOfBlockListsAlone,
  type ProxyEngine,
} from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import type { ZoneMembership } from '../sharing/zone-membership.ts';
import { FORWARDING, isLoopback, whyNotKernel } from './decide.ts';
import type { KernelPath } from './kernel-path.ts';
import { readRecord } from './kernel-record.ts';
import { SecurityGroups } from './security-groups.ts';
import type { DatapathSetting } from './setting.ts';
import { gatesOf } from './source-gates.ts';
import type { Outcome, WantedListener } from './wanted-listener.ts';

export interface DatapathEngineOptions {
  readonly engine: Pick<ProxyEngine, 'apply'>;
  readonly setting: DatapathSetting;
  readonly recordFile: string;
  /** Opens the kernel datapath, when the first listener wants it. Rejects with the reason why it cannot be had. */
  readonly open: () => Promise<KernelPath>;
  /** Whether an earlier process has left something in the kernel. */
  readonly isPinned: () => boolean;
  /** Takes out of the kernel whatever is pinned there. */
  readonly unpin: () => void;
  /** Hears which kernel is there, and that it is another process's now; absent: nobody does. */
  readonly zone?: Pick<ZoneMembership, 'follow' | 'pause' | 'withdrawAllBut'>;
  readonly forwards: (parameter: string) => boolean;
  /** Devices of this machine. */
  readonly devices: () => readonly string[];
  readonly log: Logger;
}

/**
 * Whose the kernel is: this process's, that of another one, or nobody's for good. It may change while something is being
 * applied, which is given up then.
 */
type Hold = 'ours' | 'handed-off' | 'ended';

/**
 * The engine that the plan is applied to: listeners of network load balancers go to the kernel where they can, all others
 * to the proxy. Services go to the proxy in any case, as a listener may come back to it.
 */
export class DatapathEngine implements Pick<ProxyEngine, 'apply'> {
  readonly #options: DatapathEngineOptions;
  readonly #services = new Map<string, EngineService>();
  /** Of network load balancers. */
  readonly #listeners = new Map<string, PlannedListener>();
  readonly #groups = new SecurityGroups();
  /** Block lists by tenant. */
  readonly #blocked = new Map<string, BlockTableMemory>();
  readonly #carried = new Map<string, ReportedDatapath>();
  readonly #refused = new Map<string, RefusedListener>();
  #kernel: KernelPath | null = null;
  #opening: Promise<KernelPath | null> | null = null;
  /** Why there is none. */
  #unavailable = '';
  /** What is in the kernel may be another process's work. */
  #isForeign = true;
  #hold: Hold = 'ours';
  /** What `reconsider` saw; null: nothing yet. */
  #machine: { readonly forwarding: string; readonly devices: string } | null = null;

  constructor(options: DatapathEngineOptions) {
    this.#options = options;
  }

  /** Told of the listeners of each change. */
  onListeners: (listeners: EngineChange['listeners']) => void = () => {};

  /** What carries the listeners of network load balancers. */
  carried(): readonly ReportedDatapath[] {
    return [...this.#carried.values()];
  }

  /** null while nothing is carried by it. */
  get kernel(): KernelPath | null {
    return this.#kernel;
  }

  async apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    for (const [tenantId, memory] of change.blockLists ?? []) {
      this.#blocked.set(tenantId, memory);
      this.#kernel?.blocks.follow(tenantId, memory);
    }
    // They may come before the plan, and beside a change of it: what is in the kernel is judged by the plan alone.
    if (isOfBlockListsAlone(change)) return [...(await this.#options.engine.apply(change)), ...this.#refused.values()];
    for (const [id, service] of change.services) {
      if (service === null) this.#services.delete(id);
      else this.#services.set(id, service);
    }
    this.onListeners(change.listeners);
    const touched = new Set<string>();
    this.#groups.follow(change.shared);
    for (const { id, securityGroups } of this.#listeners.values()) {
      if (securityGroups?.some((group) => change.shared.has(`security-group/${group}`)) === true) touched.add(id);
    }
    for (const [id, planned] of change.listeners) {
      if (planned?.isNetwork === true) this.#listeners.set(id, planned);
      else this.#listeners.delete(id);
      touched.add(id);
    }
    for (const { id, serviceId } of this.#listeners.values()) {
      if (serviceId !== null && change.services.has(serviceId)) touched.add(id);
    }
    const listeners = new Map(change.listeners);
    const outcomes = await this.#ask(touched);
    if (this.#hold === 'ended') return [];
    if (outcomes === null) {
      // Whoever has the kernel sees to it, or `takeBack` does.
      for (const id of touched) {
        if (this.#listeners.has(id) && this.#carried.get(id)?.datapath !== 'userspace') listeners.set(id, null);
      }
      return this.#options.engine.apply({ ...change, listeners });
    }
    const leaving = new Set([...touched].filter((id) => !outcomes.has(id) || !this.#listeners.has(id)));
    for (const [id, outcome] of outcomes) {
      const planned = this.#listeners.get(id);
      if (planned === undefined) continue;
      this.#conclude(planned, outcome);
      if (outcome.reason === '' || this.#refused.has(id)) listeners.set(id, null);
      else if (this.#kernel?.listeners.includes(id) === true) listeners.set(id, planned);
      if (outcome.reason !== '' && !outcome.stays) leaving.add(id);
    }
    const refused = await this.#options.engine.apply({ ...change, listeners });
    await this.#withdraw(leaving);
    for (const id of leaving) this.#leave(id);
    this.#kernel?.putOnRecord();
    if (this.#isOurs()) {
      await this.#clear();
      this.#options.zone?.follow(this.#kernel?.shared ?? null);
    }
    return [...refused, ...this.#refused.values()];
  }

  /** These packed changes have been made in the block list of a tenant. */
  blockListChanged(tenantId: string, entries: Uint8Array): void {
    this.#kernel?.blocks.changed(tenantId, entries);
  }

  /**
   * The health of targets by which the kernel goes on with what an earlier process has left there. Without it, targets would
   * be down until each has been probed, and their connections be lost to the one that answers first.
   */
  knownHealth(now: number): readonly ReportedHealth[] {
    const { setting, recordFile, isPinned } = this.#options;
    if (setting === 'userspace' || !isPinned()) return [];
    return Object.entries(readRecord(recordFile)?.services ?? {}).flatMap(([serviceId, { targets }]) =>
      Object.entries(targets)
        .filter(([, { up }]) => up === true)
        .map(([targetId]) => ({ serviceId, targetId, state: 'healthy', reason: '', since: now }) as const),
    );
  }

  /**
   * Lets go of the kernel for another process, which goes on with what is there; packets flow meanwhile. Resolves when
   * nothing of ours is under way there any more: the other process must not begin before.
   */
  async handOff(): Promise<void> {
    if (this.#hold === 'ended') return;
    this.#hold = 'handed-off';
    this.#options.zone?.pause();
    const kernel = this.#kernel;
    this.#kernel = null;
    await Promise.all([kernel?.close(), this.#opening]);
  }

  /**
   * The other process is gone, and has done with the kernel whatever it came to. Returns the listeners that are to be
   * applied again; none when nothing was handed off.
   */
  takeBack(): readonly string[] {
    if (this.#hold !== 'handed-off') return [];
    this.#hold = 'ours';
    this.#isForeign = true;
    return [...this.#listeners.keys()];
  }

  /**
   * Listeners of which the machine might say something else now: all of them when it forwards packets, or does not any
   * more; when it has other devices, those that the kernel does not carry; and those that it does, when no device takes
   * its programs.
   */
  async reconsider(): Promise<readonly string[]> {
    const { forwards, devices, setting } = this.#options;
    const machine = {
      forwarding: [forwards(FORWARDING[4]), forwards(FORWARDING[6])].join(),
      devices: devices().join(),
    };
    const before = this.#machine;
    this.#machine = machine;
    if (before === null || !this.#isOurs() || setting === 'userspace') return [];
    const isDue = {
      kernel: before.forwarding !== machine.forwarding || (await this.#attach()) !== '',
      userspace: before.forwarding !== machine.forwarding || before.devices !== machine.devices,
    };
    return [...this.#listeners.values()]
      .filter(({ id, addresses }) => {
        return isDue[this.#carried.get(id)?.datapath ?? 'userspace'] && !addresses.some(isLoopback);
      })
      .map(({ id }) => id);
  }

  /** No other process comes back to what is in the kernel. */
  forgetOthers(): void {
    this.#kernel?.forgetOthers();
  }

  /**
   * Takes everything out of the kernel, for good: whoever stops a node wants it to balance nothing. Resolves when that is
   * done, what was under way included.
   */
  async tearDown(): Promise<void> {
    this.#options.zone?.follow(null);
    if (this.#hold === 'handed-off') this.#options.unpin();
    this.#hold = 'ended';
    const kernel = this.#kernel;
    this.#kernel = null;
    await Promise.all([kernel?.tearDown(), this.#opening]);
  }

  #isOurs(): boolean {
    return this.#hold === 'ours';
  }

  /** What becomes in the kernel of those of the listeners that the plan has; null: the kernel is not ours (any more). */
  async #ask(touched: ReadonlySet<string>): Promise<Map<string, Outcome> | null> {
    if (!this.#isOurs()) return null;
    await this.#adopt();
    const outcomes = new Map<string, Outcome>();
    const wanted: WantedListener[] = [];
    for (const id of touched) {
      const planned = this.#listeners.get(id);
      if (planned === undefined) continue;
      const asked = this.#wanted(planned);
      if (typeof asked === 'string') outcomes.set(id, { reason: asked, stays: false });
      else wanted.push(asked);
    }
    const kernel = wanted.length === 0 ? null : await this.#get();
    for (const { planned } of wanted) outcomes.set(planned.id, { reason: this.#unavailable, stays: false });
    for (const [id, outcome] of (await kernel?.setListeners(wanted)) ?? []) outcomes.set(id, outcome);
    const notAttached = await this.#attach();
    if (notAttached !== '') {
      for (const id of this.#kernel?.listeners ?? []) outcomes.set(id, { reason: notAttached, stays: false });
    }
    return this.#isOurs() ? outcomes : null;
  }

  /** Takes over what an earlier process has left, so that what the plan does not want any more goes. */
  async #adopt(): Promise<void> {
    if (!this.#isForeign) return;
    this.#isForeign = false;
    const { isPinned, log } = this.#options;
    if (!isPinned()) return;
    const kernel = await this.#get();
    if (kernel === null) return;
    log.info({ listeners: kernel.listeners.length }, 'taking over what is in the kernel');
    for (const id of kernel.listeners) if (!this.#listeners.has(id)) kernel.removeListener(id);
  }

  /** Why packets do not get to the programs; empty: they do, or need not. */
  async #attach(): Promise<string> {
    if (this.#kernel === null || this.#kernel.listeners.length === 0) return '';
    try {
      return await this.#kernel.attach();
    } catch (error) {
      this.#options.log.error({ err: error }, 'no program can be attached');
      return (error as Error).message;
    }
  }

  #conclude({ id }: PlannedListener, { reason, stays }: Outcome): void {
    this.#refused.delete(id);
    if (reason === '' || stays) {
      this.#tell({ listenerId: id, datapath: 'kernel', detail: this.#kernel?.points ?? '' });
      // The proxy would have none of its connections. Whoever is refused is tried again.
      const detail = `it goes on as it was, the kernel does not take its change: ${reason}`;
      if (stays) this.#refused.set(id, { listenerId: id, code: 'failed', detail });
    } else if (this.#options.setting === 'kernel' && !reason.includes('loopback')) {
      this.#refused.set(id, {
        listenerId: id,
        code: 'failed',
        detail: `the node is set to the kernel datapath: ${reason}`,
      });
      this.#carried.delete(id);
    } else {
      this.#tell({ listenerId: id, datapath: 'userspace', detail: reason });
    }
  }

  /** What the kernel is to know of a listener, or why it cannot carry it. */
  #wanted(planned: PlannedListener): WantedListener | string {
    const { setting, forwards } = this.#options;
    if (setting === 'userspace') return 'the node is set to userspace';
    const service = planned.serviceId === null ? null : (this.#services.get(planned.serviceId) ?? null);
    const reason = whyNotKernel(planned, service, (family) => forwards(FORWARDING[family]));
    if (reason !== '' || service === null) return reason;
    const gates = gatesOf(planned, this.#groups.find);
    return typeof gates === 'string' ? gates : { planned, service, gates };
  }

  /** The kernel datapath, which is opened once however many ask for it; null: there is none, or it is not ours. */
  async #get(): Promise<KernelPath | null> {
    if (this.#kernel !== null || !this.#isOurs()) return this.#kernel;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<KernelPath | null> {
    try {
      const kernel = await this.#options.open();
      if (this.#hold === 'ended') await kernel.tearDown();
      else if (this.#hold === 'handed-off') await kernel.close();
      if (!this.#isOurs()) return null;
      this.#kernel = kernel;
      for (const [tenantId, memory] of this.#blocked) kernel.blocks.follow(tenantId, memory);
      this.#unavailable = '';
    } catch (error) {
      const { isPinned, log } = this.#options;
      const { message } = error as Error;
      const isLeft = isPinned();
      const reason = isLeft ? `${message}; what an earlier node agent has left in the kernel is still there` : message;
      if (reason !== this.#unavailable) log[isLeft ? 'warn' : 'info']({ reason }, 'no kernel datapath');
      this.#unavailable = reason;
    }
    return this.#kernel;
  }

  /** Routers hear that VIPs go before packets to these are balanced no more. */
  async #withdraw(leaving: ReadonlySet<string>): Promise<void> {
    if (leaving.size === 0 || this.#kernel === null) return;
    const carried = new Set(this.#kernel.listeners);
    const staying = [...this.#listeners.values()].filter(({ id }) => carried.has(id) && !leaving.has(id));
    await this.#options.zone?.withdrawAllBut(staying.flatMap(({ addresses }) => addresses));
  }

  #leave(id: string): void {
    this.#kernel?.removeListener(id);
    if (this.#listeners.has(id)) return;
    this.#carried.delete(id);
    this.#refused.delete(id);
  }

  /** Where nothing is left to carry, nothing is left in the kernel. */
  async #clear(): Promise<void> {
    const kernel = this.#kernel;
    if (kernel === null || kernel.listeners.length > 0) return;
    this.#kernel = null;
    await kernel.tearDown();
    this.#options.log.info('nothing is balanced in the kernel any more');
  }

  #tell(now: ReportedDatapath): void {
    const before = this.#carried.get(now.listenerId);
    this.#carried.set(now.listenerId, now);
    if (before?.datapath === now.datapath && before.detail === now.detail) return;
    this.#options.log.info(now, 'the datapath of a listener');
  }
}
