import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { objectPath } from '@evenkeel/flow/build/compile.ts';
import { MOST_ADMISSIONS } from '@evenkeel/flow/datapath/admissions.ts';
import { listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import { ensureBpfFileSystem } from '@evenkeel/flow/loader/bpffs.ts';
import { NetworkNews } from '@evenkeel/flow/loader/network-news.ts';
import { LoadedObject } from '@evenkeel/flow/loader/object.ts';
import { removeOtherPins } from '@evenkeel/flow/loader/pins.ts';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { portCount } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import { systemClock } from '../clock/clock.ts';
import { KernelSight } from '../sight/kernel-sight.ts';
import { Answers, type Claim, claimsOf } from './answers.ts';
import { Attachments } from './attachments.ts';
import { KernelBlocks } from './kernel-blocks.ts';
import {
  EMPTY_RECORD,
  type KernelListener,
  type KernelRecord,
  readRecord,
  removeRecord,
  writeRecord,
} from './kernel-record.ts';
import { devices as allDevices, ownAddresses } from './node-network.ts';
import { Numbers } from './numbers.ts';
import { protocolsOf } from './origins.ts';
import { OwnTraffic } from './own-traffic.ts';
import { ServiceTables, seedOf } from './service-tables.ts';
import type { AttachSetting } from './setting.ts';
import { SharedTables } from './shared-tables.ts';
import { type Gates, NO_GATES, SourceGates } from './source-gates.ts';
import { Surroundings } from './surroundings.ts';

/** As many listeners as the kernel's maps have room for (bpf/consts.h); the last number is this node's own traffic. */
const LISTENERS = 8_190;

export interface KernelPathOptions {
  /** Of a BPF file system, this node's alone: maps and links are pinned here. */
  readonly folder: string;
  readonly recordFile: string;
  /** Empty: all but loopback. */
  readonly devices: readonly string[];
  readonly attach: AttachSetting;
  readonly log: Logger;
}

/**
 * Listeners and services in the kernel's maps. Everything is pinned, so that packets flow without this process; what it
 * has put there is on record, so that the next one goes on with the same numbers and takes out what is not wanted.
 */
export class KernelPath {
  readonly #options: KernelPathOptions;
  readonly #objects = new Map<AttachPoint, LoadedObject>();
  readonly #datapath: Datapath;
  readonly #attachments: Attachments;
  readonly #tables: ServiceTables;
  /** What is counted and seen of traffic. */
  readonly sight: KernelSight;
  readonly #own: OwnTraffic;
  readonly #numbers: Numbers;
  readonly #gates: SourceGates;
  readonly blocks: KernelBlocks;
  /** For the other nodes of the zone. */
  readonly shared: SharedTables;
  #listeners: Map<string, KernelListener>;
  readonly #answers: Answers;
  /** Identifiers of targets that are registered now, by service. */
  readonly #registered = new Map<string, ReadonlySet<string>>();
  #surroundings: Surroundings | null = null;
  #news: NetworkNews | null = null;

  /** Loads the programs, or takes over the maps that are pinned. Throws DatapathUnavailable, or what went wrong. */
  static open(options: KernelPathOptions): KernelPath {
    ensureBpfFileSystem(options.folder.slice(0, options.folder.lastIndexOf('/')));
    const record = readRecord(options.recordFile);
    if (record === null && existsSync(options.folder)) {
      options.log.warn(
        { folder: options.folder },
        'what is in the kernel has no record that can be read: beginning anew',
      );
      rmSync(options.folder, { recursive: true }); // without its pins everything is detached
    }
    const isNew = !existsSync(options.folder);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    try {
      return new KernelPath(options, isNew || record === null ? EMPTY_RECORD : record);
    } catch (error) {
      if (isNew) rmSync(options.folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(options: KernelPathOptions, record: KernelRecord) {
    const { folder, log } = options;
    this.#options = options;
    this.#datapath = new Datapath(this.#object('tcx'));
    const program = (point: AttachPoint) => this.#object(point).program(`balance_${point}`);
    this.#attachments = new Attachments(folder, program, log, options.attach);
    this.#tables = new ServiceTables(this.#datapath, record, log, (serviceId) => this.#targetsChanged(serviceId));
    this.shared = new SharedTables(this.#datapath, this.#tables, () => this.#listeners.values());
    this.#own = new OwnTraffic(this.#datapath, record.own);
    this.sight = new KernelSight({
      object: this.#object('tcx'),
      datapath: this.#datapath,
      listeners: () => this.#listeners,
      targets: () => this.#tables.targets(),
      log,
    });
    this.#listeners = new Map(Object.entries(record.listeners));
    this.#answers = new Answers(this.#datapath, record);
    this.#gates = new SourceGates(this.#datapath.admissions());
    this.blocks = new KernelBlocks({
      sources: this.#datapath.blockedSources(),
      look: (on) => this.#datapath.block(on),
      clock: systemClock,
      log,
    });
    this.#numbers = new Numbers(
      LISTENERS,
      Object.fromEntries(Array.from(this.#listeners, ([id, { number }]) => [id, number])),
    );
  }

  /** Such as `tcx`. */
  get points(): string {
    return [...new Set(this.#attachments.points.values())].sort().join(', ');
  }

  /** Listeners that are there, those of an earlier process included. */
  get listeners(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  /** Has a listener carried by the kernel. Returns why it cannot be; empty: it is. */
  async setListener(planned: PlannedListener, service: EngineService, gates: Gates = NO_GATES): Promise<string> {
    const mode = service.service.forwardingMode ?? 'nat';
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
    this.#save();
    this.#tables.share(this.#answers.shared);
    await this.#tables.set(service, { idleTimeout: planned.idleTimeout, keepsPort: portCount(planned) > 1 });
    this.#answers.write();
    // Prefixes of two ranges may be the same ones, so the former range goes first; of single ports the new one is there first.
    const moved = before !== null && !sameEndpoints(before, now) ? before : null;
    if (moved !== null && moved.lastPort !== null) this.#removeEndpoints(moved);
    const settings = {
      number,
      service: tableNumber,
      hashSeed: seedOf(service.service.id),
      idleSeconds: Math.ceil(planned.idleTimeout / 1_000),
      mode,
      affinity: isBySource(service) ? 'source' : 'flow',
      persistence: persistenceOf(service),
    } as const;
    for (const protocol of now.protocols) {
      for (const address of now.addresses) {
        const endpoint = { address, port: now.port, protocol };
        const own = { ...settings, gate: gateOf[protocol], blockList: listKey(planned.tenantId ?? DEFAULT_TENANT.id) };
        if (now.lastPort === null) this.#datapath.setListener(endpoint, own);
        else this.#datapath.setListenerRange({ ...endpoint, lastPort: now.lastPort }, own);
      }
    }
    if (moved !== null && moved.lastPort === null) this.#removeEndpoints(moved, now);
    for (const address of now.addresses) this.#datapath.addVip(address);
    this.#listeners.set(planned.id, { ...now, gates: Object.values(gateOf) });
    this.#keepGates();
    if (before !== null) this.#removeUnused(before.serviceId);
    return '';
  }

  /**
   * Has packets meet the programs, once all that they should find is in the maps: where maps have another layout than
   * those of the version before, they begin empty. From then on what changes around the node is taken in. Returns why no
   * packet gets there; empty: they do.
   */
  attach(): string {
    if (this.#surroundings !== null) return this.#attachments.failure;
    this.#seeToDevices();
    this.#save();
    const { log } = this.#options;
    const news = newsOf(log);
    this.#news = news;
    this.#surroundings = new Surroundings({ isNews: () => news?.take() ?? true, look: () => this.#look(), log });
    return this.#attachments.failure;
  }

  /** There is no way back to the version before: what it has pinned and this one does not use is taken away. */
  forgetOthers(): void {
    const kept = new Set([...this.#objects.values()].flatMap((object) => [...object.pins]));
    const maps = removeOtherPins(this.#options.folder, kept, (name) => !name.startsWith('link-'));
    if (maps.length > 0) this.#options.log.info({ maps }, 'maps of another version are taken out of the kernel');
  }

  removeListener(id: string): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    this.#removeEndpoints(listener);
    this.#listeners.delete(id);
    this.#answers.claim(id, []);
    this.#settleAnswers();
    this.#keepGates();
    this.sight.end(listener.number);
    this.#numbers.release(id);
    this.#removeUnused(listener.serviceId);
    this.#save();
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
    this.#save();
  }

  /** Lets go of the kernel, where everything goes on. */
  close(): void {
    this.#surroundings?.stop();
    this.#news?.close();
    this.sight.stop();
    this.blocks.close();
    this.#tables.stop();
    for (const object of this.#objects.values()) object.close();
  }

  /** Takes everything out of the kernel. */
  tearDown(): void {
    this.#attachments.set([]);
    this.close();
    rmSync(this.#options.folder, { recursive: true, force: true });
    removeRecord(this.#options.recordFile);
  }

  #object(point: AttachPoint): LoadedObject {
    const known = this.#objects.get(point);
    if (known !== undefined) return known;
    const object = LoadedObject.load(objectPath(point), { pinFolder: this.#options.folder });
    this.#objects.set(point, object);
    return object;
  }

  /** Returns whether anything has changed. */
  #seeToDevices(): boolean {
    const before = this.#own.addresses.join();
    this.#own.set(ownAddresses());
    const { devices } = this.#options;
    const isChanged = this.#attachments.set(devices.length === 0 ? allDevices() : devices);
    return isChanged || this.#own.addresses.join() !== before;
  }

  async #look(): Promise<void> {
    if (this.#seeToDevices()) this.#save();
    if (await this.#tables.follow()) this.#surroundings?.lookSoon();
  }

  /** But for those that `kept` has as well. */
  #removeEndpoints({ addresses, port, lastPort, protocols }: KernelListener, kept: KernelListener | null = null): void {
    for (const address of addresses) {
      const isKept = kept !== null && kept.lastPort === null && kept.port === port && kept.addresses.includes(address);
      for (const protocol of protocols) {
        if (lastPort !== null) this.#datapath.removeListenerRange({ address, port, lastPort, protocol });
        else if (!isKept) this.#datapath.removeListener({ address, port, protocol });
      }
      const users = [...this.#listeners.values()].filter((other) => other.addresses.includes(address));
      if (users.length === 0 || (kept === null && users.length === 1)) this.#datapath.removeVip(address);
    }
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
    writeRecord(this.#options.recordFile, {
      listeners: Object.fromEntries(this.#listeners),
      services: this.#tables.record,
      retired: this.#tables.retired,
      origins: this.#answers.record,
      devices: Object.fromEntries(this.#attachments.points),
      own: this.#own.addresses,
    });
  }
}

/** null: the kernel does not tell; then all is looked at every time. */
function newsOf(log: Logger): NetworkNews | null {
  try {
    return new NetworkNews();
  } catch (error) {
    log.warn({ err: error }, 'changes of the network are looked for every second');
    return null;
  }
}

function isBySource({ service }: EngineService): boolean {
  return service.algorithm === 'source-ip' || service.stickiness?.type === 'source-ip';
}

/** Seconds for which a client is kept at a target that it has had; 0: by the table alone. */
function persistenceOf({ service: { stickiness } }: EngineService): number {
  return stickiness?.type === 'source-ip' ? Math.ceil(stickiness.timeout / 1_000) : 0;
}

function sameEndpoints(a: KernelListener, b: KernelListener): boolean {
  return a.addresses.join() === b.addresses.join() && a.port === b.port && a.lastPort === b.lastPort;
}
