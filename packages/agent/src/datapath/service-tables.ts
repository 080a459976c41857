import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { currentSlots, type Generation, nextGeneration, settle } from '@evenkeel/flow/maglev/generations.ts';
import { buildSlots, type NumberedTarget } from '@evenkeel/flow/maglev/slots.ts';
import type { SlotAges } from '@evenkeel/flow/maglev/unsettled.ts';
import type { Numbers as NamedNumbers } from '@evenkeel/flow/sharing/zone-view.ts';
import { hashText } from '@evenkeel/model/hashing/murmur3.ts';
import { IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import { kernelModeOf } from './kernel-mode.ts';
import type { KernelRecord, KernelService, KernelTarget, TargetInTables } from './kernel-record.ts';
import { LearntTables } from './learnt-tables.ts';
import { Numbers } from './numbers.ts';
import { Settling } from './settling.ts';
import { losesFlows, sharesOf, type TargetShare } from './shares.ts';
import { NETWORK, type Network, TargetEntries, type WantedTarget } from './target-entries.ts';
import { TargetNumbers } from './target-numbers.ts';
import { toldAges } from './told-ages.ts';
import { Turns } from './turns.ts';

/** As the maps have it (bpf/consts.h), less what own-traffic.ts takes. */
const SERVICES = 4_079;
/**
 * How long a slot remembers the target before for datagrams, in milliseconds: until then new flows in it go there.
 * Connections have the listener's idle time, where the service has no datagrams.
 */
const SETTLE_DATAGRAMS = 30_000;
interface Running {
  service: EngineService;
  idleTimeout: number;
  /** Targets hear on the port that the client asked for. */
  keepsPort: boolean;
  /** Targets that have left, until their drain time is over. */
  readonly leaving: Map<string, NodeJS.Timeout>;
  readonly settling: Settling;
}

/** The kernel's number for flows of a service, the same on every node. */
export function seedOf(serviceId: string): number {
  return hashText(serviceId, 0x6e61_7432);
}

/** Tables of services, and the targets in them. A table is swapped only when it is another one. */
export class ServiceTables {
  readonly #datapath: Datapath;
  readonly #log: Logger;
  readonly #forgotten: (serviceId: string) => void;
  readonly #services: Numbers;
  readonly #targets: TargetNumbers;
  readonly #known: Map<string, KernelService>;
  readonly #running = new Map<string, Running>();
  readonly #entries: TargetEntries;
  readonly #learnt = new LearntTables();
  readonly #now: () => number;
  #named: NamedNumbers | null = null;
  /** Numbers mean something else than before; called before they are in a table. */
  onNumbers: () => void = () => {};
  /** What waits for the kernel is done one after the other, so that no table is built from what was there before. */
  readonly #turns = new Turns();
  #stopped = false;

  /** `forgotten`: the drain time of a target of this service is over. */
  constructor(
    datapath: Datapath,
    { services: record, retired }: Pick<KernelRecord, 'services' | 'retired'>,
    log: Logger,
    forgotten: (serviceId: string) => void,
    network: Network = NETWORK,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#entries = new TargetEntries(datapath, log, network);
    this.#forgotten = forgotten;
    this.#datapath = datapath;
    this.#log = log;
    this.#known = new Map(Object.entries(record));
    const numbers = Array.from(this.#known, ([id, { number }]) => [id, number] as const);
    const targets = Array.from(this.#known).flatMap(([id, service]) =>
      Object.entries(service.targets).map(([targetId, { number }]) => [`${id}/${targetId}`, number] as const),
    );
    this.#services = new Numbers(SERVICES, Object.fromEntries(numbers));
    this.#targets = new TargetNumbers(datapath, log, Object.fromEntries(targets), retired);
  }

  /** Numbers of targets that are gone, and until when they are nobody's. */
  get retired(): Readonly<Record<string, number>> {
    return this.#targets.retired;
  }

  get record(): Readonly<Record<string, KernelService>> {
    return Object.fromEntries(this.#known);
  }

  targets(): TargetInTables[] {
    return Array.from(this.#known).flatMap(([serviceId, { targets }]) =>
      Object.entries(targets).map(([targetId, { number, address, port }]) => {
        return { serviceId, targetId, number, address, port };
      }),
    );
  }

  /** What the numbers of services and targets stand for, by names that all nodes have for them. */
  get numbers(): NamedNumbers {
    this.#named ??= {
      targets: new Map(this.targets().map(({ serviceId, targetId, number }) => [number, `${serviceId}/${targetId}`])),
      services: new Map(Array.from(this.#known, ([id, { number }]) => [number, id])),
    };
    return this.#named;
  }

  /** Seconds. */
  get shortestIdle(): number {
    const all = Array.from(this.#running.values(), ({ idleTimeout }) => idleTimeout).filter((idle) => idle > 0);
    return Math.ceil(Math.min(IDLE_TIMEOUT.maximum * 1_000, ...all) / 1_000);
  }

  /** Another node's table, in our numbers; `ages`: how long its slots have been unsettled there, if it says so. */
  learn(id: string, generation: Generation, ages: SlotAges | null = null): void {
    const told = ages === null ? null : toldAges(generation, ages, this.#now());
    const isTaken = this.#learnt.learn(id, generation, told);
    if (!isTaken && told === null) return;
    this.#later('learning a table', async () => {
      const [known, running] = [this.#known.get(id), this.#running.get(id)];
      if (known === undefined || running === undefined) return; // it comes with the plan
      if (isTaken) await this.#swap(id, known.number, sharesOf(running.service));
      running.settling.recall(this.#datapath.table(known.number) ?? generation, told);
    });
  }

  /** How long slots of a service have been unsettled, by the number of the service; null: they are settled. */
  ages(service: number): SlotAges | null {
    return this.#running.get(this.numbers.services.get(service) ?? '')?.settling.ages ?? null;
  }

  /** What other nodes know is known here as well, or is not waited for any more. */
  joined(): void {
    this.#learnt.joined();
  }

  /** To be awaited before `reserve`: numbers of targets that are gone may have to be cleared first. */
  async makeRoom(service: EngineService): Promise<void> {
    if (this.#targets.hasRoom(this.#added(service))) return;
    await this.#inTurn(() => this.#makeRoom(service));
  }

  async #makeRoom(service: EngineService): Promise<void> {
    if (!this.#stopped) await this.#targets.makeRoom(this.#added(service));
  }

  /** How many targets have no number yet. */
  #added({ service: { id }, targets }: EngineService): number {
    const known = this.#known.get(id)?.targets ?? {};
    return targets.filter((target) => known[target.id] === undefined).length;
  }

  /** The numbers of a service and its targets, to be on record before they are in a map; null: there are none left. */
  reserve(service: EngineService): number | null {
    const { id } = service.service;
    const number = this.#services.take(id);
    if (number === null) return null;
    const before = this.#known.get(id);
    const leaving = this.#running.get(id)?.leaving;
    const targets: Record<string, KernelTarget> = { ...before?.targets };
    for (const target of service.targets) {
      const own = this.#targets.take(`${id}/${target.id}`);
      if (own === null) {
        for (const taken of Object.keys(targets)) {
          if (before?.targets[taken] === undefined) this.#targets.release(`${id}/${taken}`);
        }
        if (before === undefined) this.#services.release(id);
        return null;
      }
      targets[target.id] = { number: own, address: target.address, port: target.port, up: target.eligible };
    }
    for (const target of service.targets) {
      clearTimeout(leaving?.get(target.id));
      leaving?.delete(target.id);
    }
    const isNew = Object.keys(targets).some((targetId) => before?.targets[targetId] === undefined);
    this.#known.set(id, { number, mode: kernelModeOf(service.service), targets });
    if (isNew || before === undefined) this.#renumbered();
    return number;
  }

  /**
   * Brings table and targets to the service as it is now. `listener`: its idle time in milliseconds, and whether it has a
   * range of ports; absent: as they were.
   */
  set(service: EngineService, listener?: Pick<Running, 'idleTimeout' | 'keepsPort'>): Promise<void> {
    return this.#inTurn(() => this.#set(service, listener));
  }

  async #set(service: EngineService, listener?: Pick<Running, 'idleTimeout' | 'keepsPort'>): Promise<void> {
    const { id, drainTimeout } = service.service;
    await this.#makeRoom(service);
    if (this.#stopped) return;
    const number = this.reserve(service);
    if (number === null) throw new Error('the kernel has no room for more targets');
    const running = this.#running.get(id) ?? {
      service,
      idleTimeout: 0,
      keepsPort: false,
      leaving: new Map<string, NodeJS.Timeout>(),
      settling: this.#settling(id),
    };
    running.service = service;
    running.idleTimeout = Math.max(running.idleTimeout, listener?.idleTimeout ?? 0);
    running.keepsPort = listener?.keepsPort ?? running.keepsPort;
    this.#running.set(id, running);
    const present = new Set(service.targets.map((target) => target.id));
    const { targets } = this.#known.get(id)!;
    for (const targetId of Object.keys(targets)) {
      if (present.has(targetId) || running.leaving.has(targetId)) continue;
      const timer = setTimeout(() => {
        this.#later('the end of a drain', async () => {
          // It may have come back meanwhile.
          if (running.leaving.get(targetId) === timer) await this.#forget(id, targetId);
        });
      }, drainTimeout);
      running.leaving.set(targetId, timer.unref());
    }
    const wanted = this.#wanted(running, targets);
    const view = await this.#entries.look(wanted);
    // The service may have been removed meanwhile, and its numbers be nobody's.
    if (this.#stopped || this.#running.get(id) !== running) return;
    for (const [targetNumber, target] of wanted) this.#entries.set(targetNumber, target, view);
    await this.#swap(id, number, sharesOf(service));
  }

  /** What is to be written down of all targets of a service, by number: those that have left as well. */
  #wanted({ service, keepsPort }: Running, known: KernelService['targets']): Map<number, WantedTarget> {
    const mode = kernelModeOf(service.service);
    const wanted = new Map<number, WantedTarget>();
    for (const { number, address, port, up } of Object.values(known)) {
      const gone = up === false && service.targets.some(({ eligible }) => eligible);
      wanted.set(number, { address, port: keepsPort ? null : port, mode, gone, closed: true, resets: false });
    }
    const resets = service.service.onTargetFailure === 'reset';
    for (const target of service.targets) {
      const { address, port, state } = target;
      // Its flows go to others at once, as long as there are others.
      const gone = losesFlows(service, target);
      const closed = state === 'disabled';
      wanted.set(known[target.id]!.number, { address, port: keepsPort ? null : port, mode, gone, closed, resets });
    }
    return wanted;
  }

  remove(id: string): void {
    const running = this.#running.get(id);
    for (const timer of running?.leaving.values() ?? []) clearTimeout(timer);
    running?.leaving.clear();
    running?.settling.stop();
    this.#running.delete(id);
    const known = this.#known.get(id);
    if (known === undefined) return;
    for (const [targetId, target] of Object.entries(known.targets)) this.#retire(id, targetId, target);
    this.#known.delete(id);
    this.#renumbered();
    this.#later('removing a table', async () => {
      if (this.#known.has(id)) return; // a listener has it again
      this.#datapath.removeTable(known.number);
      this.#services.release(id);
    });
  }

  /** Nothing is begun any more. */
  stop(): void {
    this.#stopped = true;
    this.#entries.stop();
    for (const { leaving, settling } of this.#running.values()) {
      for (const timer of leaving.values()) clearTimeout(timer);
      settling.stop();
    }
    this.#running.clear();
  }

  /** NAT: targets whose endpoints several listeners have, by number; flows to them are written down. */
  share(numbers: ReadonlySet<number>): void {
    if (!this.#stopped) this.#entries.share(numbers);
  }

  /** Takes in what has changed around the node. Resolves with whether a next hop is still being looked for. */
  async follow(): Promise<boolean> {
    await this.#inTurn(async () => {
      if (!this.#stopped) await this.#entries.follow();
    });
    return this.#entries.isLooking;
  }

  /** After all that was begun before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  /** The same, with nobody who waits for it. */
  #later(what: string, work: () => Promise<void>): void {
    this.#inTurn(async () => {
      if (!this.#stopped) await work();
    }).catch((error: unknown) => this.#log.error({ err: error }, `${what} has failed`));
  }

  async #swap(id: string, number: number, shares: readonly TargetShare[]): Promise<void> {
    const known = this.#known.get(id);
    if (known === undefined || !this.#running.has(id)) return; // removed meanwhile
    const { targets } = known;
    const slots = buildSlots(shares.map((share) => named(share, targets[share.target.id]!.number)));
    const before = this.#datapath.table(number);
    const next = this.#learnt.next(id, slots, before, this.#isGone(id));
    if (next !== before) await this.#datapath.swapTable(number, next);
    // Also one that is found as it should be: an earlier process, or another node, may have left it unsettled.
    const settling = this.#running.get(id)?.settling;
    settling?.look(next, next === before || this.#learnt.isTheirs(id));
    settling?.recall(next, this.#learnt.agesOf(id));
  }

  #renumbered(): void {
    this.#named = null;
    this.onNumbers();
  }

  /**
   * Whether flows of a number are not kept: its target is down while others are up, or the number means nobody now. Where
   * they are reset, tables go on naming it for that.
   */
  #isGone(id: string): (number: number) => boolean {
    const { service } = this.#running.get(id)!;
    const resets = service.service.onTargetFailure === 'reset';
    const known = this.#known.get(id)!.targets;
    const isDown = new Set(service.targets.filter((target) => losesFlows(service, target)).map((target) => target.id));
    const kept = Object.entries(known).filter(([targetId]) => resets || !isDown.has(targetId));
    const numbers = new Set(kept.map(([, { number }]) => number));
    return (number) => !numbers.has(number);
  }

  #settling(id: string): Settling {
    const delay = () => {
      const running = this.#running.get(id);
      if (running === undefined || running.service.service.protocol !== 'tcp') return SETTLE_DATAGRAMS;
      return Math.max(SETTLE_DATAGRAMS, running.idleTimeout);
    };
    const due = () => this.#later('settling a table', () => this.#settle(id));
    return new Settling({ delay, due, now: this.#now });
  }

  async #settle(id: string): Promise<void> {
    const [running, known] = [this.#running.get(id), this.#known.get(id)];
    if (running === undefined || known === undefined) return; // removed meanwhile
    const { settling } = running;
    try {
      const table = this.#datapath.table(known.number);
      if (table === null) return;
      const { isDue } = settling;
      const isAny = table.some((_, slot) => isDue(slot));
      const remembers = isAny && this.#datapath.countExceptions() > 0;
      const settled = isAny ? settle(table, () => remembers, isDue) : table;
      if (isAny) await this.#datapath.swapTable(known.number, settled);
      settling.look(settled);
    } finally {
      if (!this.#stopped && this.#running.get(id) === running) settling.wait();
    }
  }

  /** The drain time of a target that has left is over: what is left of its flows goes to others. */
  async #forget(id: string, targetId: string): Promise<void> {
    const known = this.#known.get(id);
    const running = this.#running.get(id);
    const target = known?.targets[targetId];
    if (known === undefined || running === undefined || target === undefined) return;
    running.leaving.delete(targetId);
    const { [targetId]: _, ...rest } = known.targets;
    this.#known.set(id, { ...known, targets: rest });
    this.#renumbered();
    const { number } = target;
    this.#retire(id, targetId, target);
    try {
      const table = this.#datapath.table(known.number);
      if (table === null) return;
      const next = nextGeneration(currentSlots(table), table, (one) => one === number);
      await this.#datapath.swapTable(known.number, next);
      running.settling.look(next);
    } finally {
      this.#forgotten(id);
    }
  }

  /** Whatever still knows the number finds nobody there. */
  #retire(id: string, targetId: string, { number, address, port }: KernelTarget): void {
    this.#entries.retire(number, address, port);
    this.#targets.retire(`${id}/${targetId}`);
  }
}

/** The same name on every node: its address, not its identifier there. */
function named({ target: { address, port }, weight }: TargetShare, number: number): NumberedTarget {
  return { name: `${address} ${port}`, weight, number };
}
