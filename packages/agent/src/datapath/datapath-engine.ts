import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener, ReportedDatapath, ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import {
  type EngineChange,
  type EngineService,
  isOfBlockListsAlone,
  type ProxyEngine,
} from '@evenkeel/proxy/engine/engine.ts';
import type { DatapathEngineOptions } from './datapath-engine-options.ts';
import { isLoopback } from './decide.ts';
import { Departures } from './departures.ts';
import type { KernelPath } from './kernel-path.ts';
import { healthIn, readRecord } from './kernel-record.ts';
import { KernelTenure } from './kernel-tenure.ts';
import { withKernelsReason } from './kernels-reason.ts';
import { MachineView } from './machine-view.ts';
import { SecurityGroups } from './security-groups.ts';
import { Turns } from './turns.ts';
import { keptOutcome, type Outcome, reasonOf, type WantedListener, wantedOf, withTargets } from './wanted-listener.ts';

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
  /** What the kernel has taken last, by listener. */
  readonly #taken = new Map<string, WantedListener>();
  /** Why this machine would not have a listener carried by the kernel, when that was asked last; empty: it would. */
  readonly #judged = new Map<string, string>();
  readonly #departures: Departures;
  /** Changes, and departures when their time has come, are made one after the other. */
  readonly #turns = new Turns();
  readonly #tenure: KernelTenure;
  /** Listeners of which it is not known yet whether the kernel can have them, as it is being opened; null: it is not. */
  #undecided: Set<string> | null = null;
  readonly #machine: MachineView;

  constructor(options: DatapathEngineOptions) {
    this.#options = options;
    this.#machine = new MachineView(options);
    this.#tenure = new KernelTenure(options, (kernel) => {
      kernel.shared.isLeaving = (id) => this.#departures.has(id);
      for (const [tenantId, memory] of this.#blocked) kernel.blocks.follow(tenantId, memory);
    });
    this.#departures = new Departures((error) =>
      options.log.error({ err: error }, 'a listener has not left the kernel'),
    );
  }

  /** Told of the listeners of each change. */
  onListeners: (listeners: EngineChange['listeners']) => void = () => {};

  /** What carries the listeners of network load balancers. */
  carried(): readonly ReportedDatapath[] {
    return [...this.#carried.values()];
  }

  /** null while nothing is carried by it. */
  get kernel(): KernelPath | null {
    return this.#tenure.path;
  }

  /**
   * What was applied last is not all in force: listeners wait for the kernel to be opened, which may take seconds, while
   * the proxy runs all others. Resolves when the next change, an empty one if there is no other, brings them into force
   * or refuses them; null: nothing waits.
   */
  undecided(): Promise<void> | null {
    return this.#undecided === null ? null : (this.#tenure.opening ?? Promise.resolve());
  }

  async apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    for (const [tenantId, memory] of change.blockLists ?? []) {
      this.#blocked.set(tenantId, memory);
      this.kernel?.blocks.follow(tenantId, memory);
    }
    // They may come before the plan, and beside a change of it: what is in the kernel is judged by the plan alone.
    if (isOfBlockListsAlone(change)) return this.#allRefused(await this.#options.engine.apply(change));
    return this.#turns.take(() => this.#apply(change));
  }

  async #apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    const touched = this.#follow(change);
    if (await this.#mustWait(change, touched)) return this.#applyMeanwhile(change, touched);
    const awaited = this.#undecided ?? new Set();
    const all = new Set([...touched, ...awaited]);
    const listeners = new Map(change.listeners);
    const outcomes = await this.#ask(all);
    if (this.#tenure.hasEnded || outcomes === null) this.#undecided = null;
    if (this.#tenure.hasEnded) return [];
    if (outcomes === null) {
      // Whoever has the kernel sees to it, or `takeBack` does.
      for (const id of touched) {
        if (this.#listeners.has(id) && !this.#isInProxy(id)) listeners.set(id, null);
      }
      return this.#options.engine.apply({ ...change, listeners });
    }
    for (const [id, outcome] of outcomes) {
      const planned = this.#listeners.get(id);
      if (planned === undefined) continue;
      if (outcome.reason === '' || outcome.stays || this.#mustBeKernel(outcome)) listeners.set(id, null);
      else if (awaited.has(id) || this.kernel?.listeners.includes(id) === true) listeners.set(id, planned);
    }
    const refused = await this.#options.engine.apply({ ...change, listeners });
    await this.#settle(all, outcomes, new Map(refused.map((one) => [one.listenerId, one])));
    await this.#concludeKernel();
    this.#undecided = null;
    return this.#allRefused(refused);
  }

  /** Takes note of a change. Returns the listeners of which the kernel may have to hear. */
  #follow(change: EngineChange): Set<string> {
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
    return touched;
  }

  /**
   * Whether the kernel has to be opened first, which takes tenths of a second, or seconds under load. What has come
   * of an opening that was waited for is not asked for again.
   */
  async #mustWait(change: EngineChange, touched: ReadonlySet<string>): Promise<boolean> {
    const tenure = this.#tenure;
    if (!tenure.isOurs) return false;
    if (tenure.opening === null && (this.#undecided !== null || !this.#wantsKernel(change, touched))) return false;
    return !(await tenure.opensAtOnce(tenure.open()));
  }

  /** One that could not be had is not tried again for the health of targets, but for listeners: `reconsider` names them. */
  #wantsKernel({ listeners }: EngineChange, touched: ReadonlySet<string>): boolean {
    const takesOver = this.#tenure.takesOver();
    if (this.kernel !== null) return false;
    const asking = this.#tenure.unavailable === '' ? touched : listeners.keys();
    return takesOver || [...asking].some((id) => this.#listeners.has(id) && !('reason' in this.#wanted(id)));
  }

  /**
   * Has the proxy run all but the listeners that wait for the kernel: of those it keeps what it has, and opens none, which
   * it might have to give up again. It goes on holding sockets that an earlier process has left for them.
   */
  async #applyMeanwhile(change: EngineChange, touched: ReadonlySet<string>): Promise<readonly RefusedListener[]> {
    if (this.#undecided === null && this.#tenure.unavailable === '')
      this.#options.log.info('the kernel is opened; the proxy serves its listeners meanwhile');
    this.#undecided = new Set([...touched, ...(this.#undecided ?? [])]);
    const listeners = new Map(change.listeners);
    const reasons = new Map<string, string>();
    for (const id of change.listeners.keys()) {
      if (!this.#listeners.has(id)) continue;
      const asked = this.#wanted(id);
      if ('reason' in asked && !this.#mustBeKernel(asked)) reasons.set(id, asked.reason);
      else if ('reason' in asked || !this.#isInProxy(id)) listeners.set(id, null);
    }
    const refused = await this.#options.engine.apply({ ...change, listeners, isPartial: true });
    for (const { listenerId } of refused) reasons.delete(listenerId);
    for (const [listenerId, detail] of reasons) this.#tell({ listenerId, datapath: 'userspace', detail });
    return this.#allRefused(refused);
  }

  #isInProxy(id: string): boolean {
    return this.#carried.get(id)?.datapath === 'userspace';
  }

  #allRefused(byProxy: readonly RefusedListener[]): readonly RefusedListener[] {
    const others = byProxy.filter(({ listenerId }) => !this.#refused.has(listenerId));
    const told = others.map((one) => withKernelsReason(one, this.#carried.get(one.listenerId)));
    return [...told, ...this.#refused.values()];
  }

  /** Draws the conclusions: what goes on in the kernel stays there, all else leaves it. */
  async #settle(
    touched: ReadonlySet<string>,
    outcomes: ReadonlyMap<string, Outcome>,
    byProxy: ReadonlyMap<string, RefusedListener>,
  ): Promise<void> {
    const leaving = new Set([...touched, ...(this.kernel?.listeners ?? [])].filter((id) => !this.#listeners.has(id)));
    const kept: WantedListener[] = [];
    for (const [id, outcome] of outcomes) {
      const planned = this.#listeners.get(id);
      if (planned === undefined) continue;
      const why = byProxy.get(id)?.detail ?? (this.#mustBeKernel(outcome) ? '' : null);
      const final = keptOutcome(planned, outcome, this.kernel?.find(id) ?? null, why);
      this.#conclude(planned, final);
      if (final !== outcome) kept.push(...[this.#taken.get(id)].filter((taken) => taken !== undefined));
      if (final.reason !== '' && !final.stays) leaving.add(id);
      else this.#departures.cancel(id);
    }
    await this.kernel?.setListeners(withTargets(kept, this.#services, this.#machine));
    this.#depart(leaving);
  }

  /** These packed changes have been made in the block list of a tenant. */
  blockListChanged(tenantId: string, entries: Uint8Array): void {
    this.kernel?.blocks.changed(tenantId, entries);
  }

  /**
   * The health of targets by which the kernel goes on with what an earlier process has left there. Without it, targets would
   * be down until each has been probed, and their connections be lost to the one that answers first.
   */
  knownHealth(now: number): readonly ReportedHealth[] {
    const { setting, recordFile, isPinned } = this.#options;
    return setting === 'userspace' || !isPinned() ? [] : healthIn(readRecord(recordFile), now);
  }

  /**
   * Lets go of the kernel for another process, which goes on with what is there; packets flow meanwhile. Resolves when
   * nothing of ours is under way there any more: the other process must not begin before.
   */
  async handOff(): Promise<void> {
    if (this.#tenure.hasEnded) return;
    this.#options.zone?.pause();
    this.#departures.cancelAll();
    await Promise.all([this.#tenure.handOff(), this.#departures.settled()]);
  }

  /**
   * The other process is gone, and has done with the kernel whatever it came to. Returns the listeners that are to be
   * applied again; none when nothing was handed off.
   */
  takeBack(): readonly string[] {
    return this.#tenure.takeBack() ? [...this.#listeners.keys()] : [];
  }

  /**
   * Listeners of which the machine might say something else now: all of them when it forwards packets, or does not any
   * more; those with a target whose address it has now, or has no more; those of whose answers it says something else
   * now; when it has other devices, those that the kernel does not carry; and those that it does, when no device takes its
   * programs.
   */
  async reconsider(): Promise<readonly string[]> {
    const news = this.#machine.look();
    if (!this.#tenure.isOurs || this.#options.setting === 'userspace') return [];
    const isDue = { kernel: news.rules || (await this.#attach()) !== '', userspace: news.rules || news.devices };
    return [...this.#listeners.values()]
      .filter(({ id, serviceId, addresses }) => {
        if (addresses.some(isLoopback)) return false;
        const targets = this.#services.get(serviceId ?? '')?.targets ?? [];
        const { datapath } = this.#carried.get(id) ?? { datapath: 'userspace' };
        if (isDue[datapath] || targets.some(({ address }) => news.addresses.has(address))) return true;
        return news.answers && reasonOf(this.#wanted(id)) !== this.#judged.get(id);
      })
      .map(({ id }) => id);
  }

  /** No other process comes back to what is in the kernel. */
  forgetOthers(): void {
    this.kernel?.forgetOthers();
  }

  /**
   * Takes everything out of the kernel, for good: whoever stops a node wants it to balance nothing. Resolves when that is
   * done, what was under way included.
   */
  async tearDown(): Promise<void> {
    this.#options.zone?.follow(null);
    this.#departures.cancelAll();
    await Promise.all([this.#tenure.tearDown(), this.#departures.settled()]);
  }

  /** What becomes in the kernel of those of the listeners that the plan has; null: the kernel is not ours (any more). */
  async #ask(touched: ReadonlySet<string>): Promise<Map<string, Outcome> | null> {
    if (!this.#tenure.isOurs) return null;
    const outcomes = new Map<string, Outcome>();
    const wanted: WantedListener[] = [];
    for (const id of touched) {
      if (!this.#listeners.has(id)) continue;
      const asked = this.#wanted(id);
      this.#judged.set(id, reasonOf(asked));
      if ('reason' in asked) outcomes.set(id, asked);
      else wanted.push(asked);
    }
    const { unavailable } = this.#tenure;
    for (const { planned } of wanted) outcomes.set(planned.id, { reason: unavailable, stays: false });
    const set = wanted.length === 0 ? null : await this.kernel?.setListeners(wanted);
    for (const [id, outcome] of set ?? []) outcomes.set(id, { ...outcome, isUsable: this.#taken.has(id) });
    for (const one of wanted) if (outcomes.get(one.planned.id)?.reason === '') this.#taken.set(one.planned.id, one);
    const notAttached = await this.#attach();
    if (notAttached !== '') {
      for (const id of this.kernel?.listeners ?? []) outcomes.set(id, { reason: notAttached, stays: false });
    }
    return this.#tenure.isOurs ? outcomes : null;
  }

  /** Why packets do not get to the programs; empty: they do, or need not. */
  async #attach(): Promise<string> {
    if (this.kernel === null || this.kernel.listeners.length === 0) return '';
    try {
      return await this.kernel.attach();
    } catch (error) {
      this.#options.log.error({ err: error }, 'no program can be attached');
      return (error as Error).message;
    }
  }

  /** Whether the proxy is not to have a listener that the kernel does not take. */
  #mustBeKernel({ reason }: Outcome): boolean {
    return this.#options.setting === 'kernel' && !reason.includes('loopback');
  }

  #conclude({ id }: PlannedListener, outcome: Outcome): void {
    const { reason, stays } = outcome;
    this.#refused.delete(id);
    if (reason === '' || stays) {
      this.#tell({ listenerId: id, datapath: 'kernel', detail: this.kernel?.points ?? '' });
      // The proxy would have none of its connections. Whoever is refused is tried again.
      const detail = `it goes on as it was, the kernel does not take its change: ${reason}`;
      if (stays) this.#refused.set(id, { listenerId: id, code: 'failed', detail });
    } else if (this.#mustBeKernel(outcome)) {
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

  /** What the kernel is to know of a listener that there is, or why it cannot carry it. */
  #wanted(id: string): WantedListener | Outcome {
    const planned = this.#listeners.get(id)!;
    if (this.#options.setting === 'userspace') return { reason: 'the node is set to userspace', stays: false };
    const service = planned.serviceId === null ? null : (this.#services.get(planned.serviceId) ?? null);
    return wantedOf(planned, service, this.#machine, this.#groups.find);
  }

  /** Routers hear that VIPs go before packets to these are balanced no more; nothing else waits for that. */
  #depart(leaving: ReadonlySet<string>): void {
    for (const id of leaving) {
      this.#taken.delete(id);
      if (this.#listeners.has(id)) continue;
      this.#carried.delete(id);
      this.#judged.delete(id);
      this.#refused.delete(id);
    }
    const { kernel } = this;
    const going = (kernel?.listeners ?? []).filter((id) => leaving.has(id) && !this.#departures.has(id));
    if (kernel === null || going.length === 0) return;
    const staying = kernel.shared.addressesBut(leaving);
    const heard = this.#options.zone?.withdrawAllBut(staying) ?? null;
    if (heard === null) {
      for (const id of going) kernel.removeListener(id);
      return;
    }
    this.#departures.begin(going, heard, (isGoing) =>
      this.#turns.take(async () => {
        for (const id of going) if (isGoing(id)) this.kernel?.removeListener(id);
        await this.#concludeKernel();
      }),
    );
  }

  /** After listeners were set and removed. Where nothing is left to carry, nothing is left in the kernel. */
  async #concludeKernel(): Promise<void> {
    const { kernel } = this;
    kernel?.putOnRecord();
    if (!this.#tenure.isOurs) return;
    if (kernel?.listeners.length === 0) {
      await this.#tenure.giveUp();
      this.#options.log.info('nothing is balanced in the kernel any more');
    }
    this.#options.zone?.follow(this.kernel?.shared ?? null);
  }

  #tell(now: ReportedDatapath): void {
    const before = this.#carried.get(now.listenerId);
    this.#carried.set(now.listenerId, now);
    if (before?.datapath === now.datapath && before.detail === now.detail) return;
    this.#options.log.info(now, 'the datapath of a listener');
  }
}
