import { rmSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { MOST_ADMISSIONS } from '@evenkeel/flow/datapath/admissions.ts';
import { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { removeOtherPins } from '@evenkeel/flow/loader/pins.ts';
import { portCount } from '@evenkeel/model/plan/network.ts';
import { KernelSight } from '../sight/kernel-sight.ts';
import { Answers, type Claim, claimsOf } from './answers.ts';
import { Attaching } from './attaching.ts';
import { attempt } from './attempt.ts';
import { blocksIn } from './datapath-blocks.ts';
import { DeviceAnswers } from './device-answers.ts';
import { answersOfKernel } from './kernel-answers.ts';
import type { KernelBlocks } from './kernel-blocks.ts';
import { openFolder } from './kernel-folder.ts';
import type { KernelPathOptions } from './kernel-path-options.ts';
import { type KernelListener, type KernelRecord, removeRecord, sameEndpoints, writeRecord } from './kernel-record.ts';
import { type EndpointSettings, ListenerEndpoints } from './listener-endpoints.ts';
import { NodeDevices } from './node-devices.ts';
import { Numbers } from './numbers.ts';
import { protocolsOf } from './origins.ts';
import { Programs } from './programs.ts';
import { ServiceTables } from './service-tables.ts';
import { SharedTables } from './shared-tables.ts';
import { SourceGates } from './source-gates.ts';
import { CARRIED, type Outcome, type WantedListener } from './wanted-listener.ts';

/** As many listeners as the kernel's maps have room for (bpf/consts.h); the last number is this node's own traffic. */
const LISTENERS = 8_190;

/** A listener that has its numbers, and is not in the maps yet. */
interface Begun extends EndpointSettings {
  readonly before: KernelListener | null;
  readonly now: KernelListener;
}

/**
 * Listeners and services in the kernel's maps. Everything is pinned, so that packets flow without this process; what it
 * has put there is on record, so that the next one goes on with the same numbers and takes out what is not wanted.
 */
export class KernelPath {
  readonly #options: KernelPathOptions;
  readonly #programs: Programs;
  readonly #datapath: Datapath;
  readonly #devices: NodeDevices;
  readonly #tables: ServiceTables;
  /** What is counted and seen of traffic. */
  readonly sight: KernelSight;
  readonly #numbers: Numbers;
  readonly #gates: SourceGates;
  readonly blocks: KernelBlocks;
  /** For the other nodes of the zone. */
  readonly shared: SharedTables;
  #listeners: Map<string, KernelListener>;
  /** What listeners that are about to be written have in the maps until then. */
  readonly #former = new Set<KernelListener>();
  readonly #answers: Answers;
  readonly #endpoints: ListenerEndpoints;
  readonly #attaching: Attaching;
  /** Identifiers of targets that are registered now, by service. */
  readonly #registered = new Map<string, ReadonlySet<string>>();
  /** The record on disk has what is not there any more. */
  #isOutdated = false;
  #closed = false;

  /** Loads the programs, or takes over the maps that are pinned. Rejects with DatapathUnavailable, or what went wrong. */
  static async open(options: KernelPathOptions): Promise<KernelPath> {
    const { folder, recordFile, log } = options;
    const { record, isNew } = openFolder(folder, recordFile, log);
    try {
      return new KernelPath(options, record, await Programs.open(folder, options.writtenFlows, log));
    } catch (error) {
      if (isNew) rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(options: KernelPathOptions, record: KernelRecord, programs: Programs) {
    const { log } = options;
    this.#options = options;
    this.#programs = programs;
    this.#datapath = new Datapath(programs.tcx);
    this.#datapath.shortenWay(options.routing === 'direct');
    this.#datapath.renew();
    const answers = new DeviceAnswers(
      { listeners: () => this.#listeners.values(), services: () => this.#tables.record },
      () => answersOfKernel(log),
      () => this.#attaching.lookSoon(),
    );
    this.#devices = new NodeDevices(options, this.#datapath, (point) => programs.program(point), record.own, answers);
    this.#tables = new ServiceTables(this.#datapath, record, log, (serviceId) => this.#targetsChanged(serviceId));
    this.shared = new SharedTables(this.#datapath, this.#tables, () => this.#listeners);
    this.sight = new KernelSight({
      object: programs.tcx,
      datapath: this.#datapath,
      listeners: () => this.#listeners,
      targets: () => this.#tables.targets(),
      asksForNextHops: () => this.#devices.attachments.asksForNextHops,
      points: () => this.#devices.attachments.points,
      log,
    });
    this.#listeners = new Map(Object.entries(record.listeners));
    this.#answers = new Answers(this.#datapath, record);
    this.#endpoints = new ListenerEndpoints(this.#datapath, () => [...this.#listeners.values(), ...this.#former]);
    this.#attaching = new Attaching({
      ...{ devices: this.#devices, programs, tables: this.#tables, log },
      save: () => this.#save(),
    });
    this.#gates = new SourceGates(this.#datapath.admissions());
    this.blocks = blocksIn(this.#datapath, log);
    this.#numbers = new Numbers(
      LISTENERS,
      Object.fromEntries(Array.from(this.#listeners, ([id, { number }]) => [id, number])),
    );
  }

  /** Such as `tcx`. */
  get points(): string {
    return [...new Set(this.#devices.attachments.points.values())].sort().join(', ');
  }

  /** Listeners that are there, those of an earlier process included. */
  get listeners(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  /** What is there of a listener. */
  find(id: string): KernelListener | null {
    return this.#listeners.get(id) ?? null;
  }

  /**
   * Has listeners carried by the kernel, one after the other, once all of them are on record. What fails leaves a listener
   * that is there already as it was.
   */
  async setListeners(wanted: readonly WantedListener[]): Promise<ReadonlyMap<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    let begun: Begun[] = [];
    const writeBegun = async () => {
      await this.#writeAll(begun, outcomes);
      begun = [];
    };
    for (const one of wanted) {
      const { id } = one.planned;
      try {
        await this.#tables.makeRoom(one.service);
        let next = this.#begin(one);
        if (typeof next === 'string' && begun.length > 0) {
          await writeBegun(); // what others have had before may make room
          next = this.#begin(one);
        }
        if (typeof next === 'string') outcomes.set(id, { reason: next, stays: false });
        else begun.push(next);
      } catch (error) {
        outcomes.set(id, this.#failed(id, error, this.#listeners.has(id)));
      }
    }
    await writeBegun();
    return outcomes;
  }

  async #writeAll(begun: readonly Begun[], outcomes: Map<string, Outcome>): Promise<void> {
    if (begun.length === 0) return;
    const unwritten = attempt(() => this.#save());
    for (const { before } of begun) if (before !== null) this.#former.add(before);
    for (const one of begun) {
      const { id } = one.planned;
      await turn(); // a table takes milliseconds, also where it is found as it should be
      try {
        if (unwritten !== null) throw unwritten;
        await this.#write(one);
        outcomes.set(id, CARRIED);
      } catch (error) {
        outcomes.set(id, this.#failed(id, error, one.before !== null));
        this.#giveUp(one);
      }
    }
    this.#isOutdated = true;
    if (this.#closed) return;
    this.#keepGates();
    if (!this.#devices.attachments.asksForNextHops) this.#attaching.lookSoon();
  }

  #failed(listener: string, error: unknown, stays: boolean): Outcome {
    this.#options.log.error({ err: error, listener }, 'the kernel does not take a listener');
    return { reason: (error as Error).message, stays };
  }

  /** Gives a listener what has to be on record before it is in a map. Returns why it cannot be had, or what is to be written. */
  #begin({ planned, service, gates }: WantedListener): string | Begun {
    const protocols = protocolsOf(planned);
    const gateOf = this.#gates.takeAll(protocols, gates);
    if (gateOf === null) {
      this.#keepGates();
      return `the kernel has room for ${MOST_ADMISSIONS} prefixes of security groups and allowed sources`;
    }
    const number = this.#numbers.take(planned.id);
    if (number === null) return `the kernel has room for ${LISTENERS} listeners`;
    const before = this.#listeners.get(planned.id) ?? null;
    const now: KernelListener = {
      number,
      serviceId: service.service.id,
      addresses: planned.addresses,
      port: planned.port,
      lastPort: planned.lastPort ?? null,
      protocols,
      gates: [...new Set([...(before?.gates ?? []), ...Object.values(gateOf)])],
      idleSeconds: Math.ceil(planned.idleTimeout / 1_000),
    };
    const targetsBefore = this.#tables.record[service.service.id]?.targets ?? {};
    const tableNumber = this.#tables.reserve(service);
    if (tableNumber === null) {
      if (before === null) this.#numbers.release(planned.id);
      return 'the kernel has no room for more backend services or targets';
    }
    const { targets } = this.#tables.record[service.service.id]!;
    this.sight.begin(number, before === null, targetsBefore, targets);
    this.#listeners.set(planned.id, now);
    this.#registered.set(service.service.id, new Set(service.targets.map((target) => target.id)));
    this.#answers.claim(planned.id, this.#claimsOf(now));
    return { planned, service, before, now, tableNumber, gateOf };
  }

  async #write(begun: Begun): Promise<void> {
    const { planned, service, before, now, gateOf } = begun;
    this.#tables.share(this.#answers.shared);
    await this.#tables.set(service, { idleTimeout: planned.idleTimeout, keepsPort: portCount(planned) > 1 });
    this.#answers.write();
    this.#lookForHidden();
    if (before !== null) this.#former.delete(before);
    this.#endpoints.replace(before, now, begun);
    this.#listeners.set(planned.id, { ...now, gates: Object.values(gateOf) });
    if (before !== null) this.#removeUnused(before.serviceId);
  }

  /** A listener could not be written: what is there of the one before stays, with gates that may be in force already. */
  #giveUp({ planned, before, now }: Begun): void {
    if (before === null) return;
    this.#former.delete(before);
    if (this.#closed) return;
    this.#listeners.set(planned.id, { ...before, gates: now.gates ?? [] });
    this.#answers.claim(planned.id, this.#claimsOf(before));
    const failure = attempt(() => {
      if (!sameEndpoints(before, now)) this.#endpoints.remove(now);
      this.#removeUnused(now.serviceId);
    });
    if (failure !== null)
      this.#options.log.warn({ err: failure }, 'what was begun of a listener is still in the kernel');
  }

  /** Has packets meet the programs, once all that they should find is in the maps. Resolves as `Attaching.attach` does. */
  attach(): Promise<string> {
    return this.#attaching.attach();
  }

  /** There is no way back to the version before: what it has pinned and this one does not use is taken away. */
  forgetOthers(): void {
    const { pins } = this.#programs;
    const maps = removeOtherPins(this.#options.folder, pins, (name) => !name.startsWith('link-'));
    if (maps.length > 0) this.#options.log.info({ maps }, 'maps of another version are taken out of the kernel');
  }

  removeListener(id: string): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    this.#endpoints.remove(listener);
    this.#listeners.delete(id);
    this.#answers.claim(id, []);
    this.#settleAnswers();
    this.#keepGates();
    this.sight.end(listener.number);
    this.#numbers.release(id);
    this.#removeUnused(listener.serviceId);
    this.#isOutdated = true;
  }

  /**
   * Has the record forget what is gone, after listeners were set and removed. One that says too much does no harm: where
   * it cannot be written it is left, and written with the next change.
   */
  putOnRecord(): void {
    if (!this.#isOutdated) return;
    const failure = attempt(() => this.#save());
    if (failure !== null)
      this.#options.log.error({ err: failure }, 'the record of what is in the kernel is not written');
  }

  /** Gates that no listener names any more go. */
  #keepGates(): void {
    this.#gates.keepOnly(new Set(Array.from(this.#listeners.values(), ({ gates = [] }) => gates).flat()));
  }

  /** The table of a service that no listener leads to. */
  #removeUnused(serviceId: string): void {
    if ([...this.#listeners.values()].some((listener) => listener.serviceId === serviceId)) return;
    this.#tables.remove(serviceId);
    this.#registered.delete(serviceId);
    this.#lookForHidden();
    this.#isOutdated = true;
  }

  /** Answers to this node's own addresses are looked at while any service has targets see those. */
  #lookForHidden(): void {
    this.#datapath.hideClients(Object.values(this.#tables.record).some(({ mode }) => mode === 'source-nat'));
  }

  /** Lets go of the kernel, where everything goes on; resolves when nothing of ours is under way there any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#attaching.stop();
    this.sight.stop();
    this.blocks.close();
    this.#tables.stop();
    await this.#devices.stop(); // descriptors that the kernel is still using must not become somebody else's
    await this.#programs.close();
  }

  /** Takes everything out of the kernel; resolves when nothing of ours is under way there any more. */
  async tearDown(): Promise<void> {
    this.#devices.attachments.detachAll();
    const closed = this.close();
    rmSync(this.#options.folder, { recursive: true, force: true });
    removeRecord(this.#options.recordFile);
    await closed;
  }

  /** Of targets that are registered, and of those that have left and still have their drain time. */
  #claimsOf(listener: KernelListener): readonly Claim[] {
    const service = this.#tables.record[listener.serviceId];
    if (service?.mode !== 'nat') return [];
    const registered = this.#registered.get(listener.serviceId);
    return claimsOf(listener, service.targets, (targetId) => registered?.has(targetId) ?? true);
  }

  /** The drain time of a target is over. */
  #targetsChanged(serviceId: string): void {
    for (const [id, listener] of this.#listeners) {
      if (listener.serviceId === serviceId) this.#answers.claim(id, this.#claimsOf(listener));
    }
    this.#settleAnswers();
    this.#save();
  }

  #settleAnswers(): void {
    this.#tables.share(this.#answers.shared);
    this.#answers.write();
  }

  #save(): void {
    if (this.#closed) return; // it is another process's by now, or gone
    writeRecord(this.#options.recordFile, {
      listeners: Object.fromEntries(this.#listeners),
      services: this.#tables.record,
      retired: this.#tables.retired,
      origins: this.#answers.record,
      devices: Object.fromEntries(this.#devices.attachments.points),
      own: this.#devices.addresses,
    });
    this.#isOutdated = false;
  }
}
