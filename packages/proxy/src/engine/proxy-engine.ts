import { portsOf, transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { PlannedTls } from '@evenkeel/model/plan/tls.ts';
import { type EngineExplanation, Explainer } from '../explain/explainer.ts';
import type { ReactorName } from '../reactor/reactor.ts';
import type { ListenerSockets } from '../sockets/listener-sockets.ts';
import type { TargetStanding } from '../standing/standing.ts';
import { SWEEP_INTERVAL } from '../standing/standings.ts';
import type { EngineCounters, ListenerVolume, WorkerCounters } from '../telemetry/counters.ts';
import type { SharedCounters } from '../telemetry/shared-counters.ts';
import { type EngineChange, isOfBlockListsAlone, type ProxyEngine, type RefusedRetries } from './engine.ts';
import { refuseWideRange } from './port-ranges.ts';
import type { Tables } from './tables.ts';
import type { Transparency } from './transparency.ts';
import { WantedAddresses } from './wanted-addresses.ts';
import type { WorkerSeat } from './worker-seat.ts';

/** Before listeners that a replaced worker could not open are tried again, in milliseconds. */
const REOPEN_DELAY = 1_000;

const NOTHING: EngineChange = { shared: new Map(), services: new Map(), listeners: new Map() };

/** The data plane of one node: keeps what is wanted, and has all workers run the same. */
export class WorkerEngine implements ProxyEngine {
  readonly reactor: ReactorName;
  readonly reactorReason: string;
  readonly #tables: Tables;
  readonly #explainer: Explainer;
  readonly #counters: SharedCounters;
  readonly #seats: readonly WorkerSeat[];
  readonly #sockets: ListenerSockets;
  readonly #transparency: Transparency;
  readonly #refused = new Map<string, RefusedListener>();
  /** Listeners that workers have refused, as the plan has them. */
  readonly #waiting = new Map<string, PlannedListener>();
  /** Refused new addresses, these listeners go on with old ones, until somebody else is to have those. */
  readonly #overstaying = new Set<string>();
  readonly #sweeps: NodeJS.Timeout;
  /** Whose log is being read. */
  #logSeat = 0;
  #accepting = true;
  #retired = false;
  /** A change has been applied since sockets were restored. */
  #claimed = false;
  /** The call that is being carried out, and those behind it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    tables: Tables,
    counters: SharedCounters,
    seats: readonly WorkerSeat[],
    sockets: ListenerSockets,
    transparency: Transparency,
    reactor: ReactorName,
    reason: string,
  ) {
    this.#tables = tables;
    this.#explainer = new Explainer(tables, Date.now);
    this.#counters = counters;
    this.#seats = seats;
    this.#sockets = sockets;
    this.#transparency = transparency;
    this.reactor = reactor;
    this.reactorReason = reason;
    for (const seat of seats) {
      seat.onRefused = (refused) => this.#reopen(refused);
      seat.onPresence = () => this.#share();
    }
    this.#share();
    this.#sweeps = setInterval(() => tables.sweepStandings(), SWEEP_INTERVAL).unref();
  }

  get workers(): number {
    return this.#seats.length;
  }

  get sockets() {
    return { open: this.#sockets.count, held: this.#sockets.held };
  }

  restoreSockets(): number {
    this.#claimed = false;
    return this.#sockets.restore();
  }

  reclaimSockets(): void {
    this.#sockets.reclaim();
  }

  accept(accepting: boolean): void {
    this.#accepting = accepting;
    this.#share();
  }

  async retire(drainMilliseconds: number): Promise<void> {
    this.#retired = true;
    this.#accepting = false;
    await this.#last;
    await Promise.all(this.#seats.map((seat) => seat.retire(drainMilliseconds)));
  }

  apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    const outcome = this.#last.then(() => this.#apply(change));
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  counters(): EngineCounters {
    return this.#counters.read(this.#seats.reduce((sum, seat) => sum + seat.accessLogDropped, 0));
  }

  listenerVolumes(): readonly ListenerVolume[] {
    return this.#counters.readVolumes();
  }

  connectionsOf(listenerId: string): number {
    return this.#counters.connectionsOf(listenerId);
  }

  deniedSources(): number {
    return this.#counters.deniedSources();
  }

  workerCounters(): readonly WorkerCounters[] {
    return this.#counters.readWorkers();
  }

  standings(): readonly TargetStanding[] {
    return this.#tables.standings();
  }

  refusedRetries(): readonly RefusedRetries[] {
    return this.#tables.refusedRetries();
  }

  readAccessLog(): Uint8Array | null {
    // Each ring is read until it is empty, so that what was given out last is given back.
    for (let tried = 0; tried < this.#seats.length; tried++) {
      const lines = this.#seats[this.#logSeat]!.readAccessLog();
      if (lines !== null) return lines;
      this.#logSeat = (this.#logSeat + 1) % this.#seats.length;
    }
    return null;
  }

  get mayHaveFailures(): boolean {
    return this.#seats[this.#logSeat]!.mayHaveFailures;
  }

  explain(question: ExplainQuestion): EngineExplanation | null {
    const planned = this.#refused.has(question.listenerId) ? null : this.#tables.listener(question.listenerId);
    return planned === null ? null : this.#explainer.explain(planned, question);
  }

  async stop(drainMilliseconds: number): Promise<void> {
    await this.#last;
    clearInterval(this.#sweeps);
    const stopped = Promise.all(this.#seats.map((seat) => seat.stop(drainMilliseconds)));
    // Those of a retired engine are somebody else's by now.
    if (!this.#retired) this.#sockets.closeAll();
    await stopped;
  }

  /** Each worker accepts from its own sockets, and the next one also from those of a worker that is being replaced. */
  #share(): void {
    const shares = this.#seats.map((): number[] => []);
    for (let i = 0; this.#accepting && i < shares.length; i++) {
      const order = shares.map((_, step) => (i + step) % shares.length);
      const heir = order.find((j) => this.#seats[j]!.present);
      if (heir !== undefined) shares[heir]!.push(i);
    }
    for (const [i, seat] of this.#seats.entries()) seat.accept(shares[i]!);
  }

  async #apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    const leaving = new Map<string, PlannedListener | null>();
    const coming = new Map<string, PlannedListener>();
    const wanted = new WantedAddresses(change.listeners);
    for (const id of this.#overstaying) {
      const old = this.#tables.listener(id);
      if (old === null || change.listeners.has(id)) this.#overstaying.delete(id);
      else if (wanted.byAnother(old)) leaving.set(id, wanted.withoutThoseOfOthers(old, []));
    }
    for (const [id, planned] of change.listeners) {
      this.#refused.delete(id);
      this.#waiting.delete(id);
      const old = this.#tables.listener(id);
      if (planned !== null) coming.set(id, planned);
      if (old === null) continue;
      if (planned === null || old.port !== planned.port || old.protocol !== planned.protocol) {
        leaving.set(id, null);
        continue;
      }
      // An address that nobody else is to have is given up when the new ones have been taken: see `#open`.
      const reduced = wanted.withoutThoseOfOthers(old, planned.addresses);
      if (reduced.addresses.length < old.addresses.length) leaving.set(id, reduced);
    }
    for (const planned of this.#usersOf(change.shared)) {
      if (!change.listeners.has(planned.id)) coming.set(planned.id, planned);
    }
    for (const refusal of this.#transparency.refusals(change)) {
      const { listenerId } = refusal;
      this.#refused.set(listenerId, refusal);
      coming.delete(listenerId);
      if (this.#tables.listener(listenerId) !== null) leaving.set(listenerId, null);
    }
    // What goes comes first, listeners and single addresses, so that it is free for what comes.
    if (leaving.size > 0) {
      const before = this.#plannedOf(leaving.keys());
      await this.#tell({ ...NOTHING, listeners: leaving });
      this.#closeSockets(before);
    }
    await this.#open(change, coming);
    if (!this.#claimed && change.isPartial !== true && !isOfBlockListsAlone(change)) {
      this.#claimed = true;
      this.#sockets.closeUnclaimed();
    }
    this.#sockets.save();
    if (change.listeners.size > 0) Atomics.store(this.#counters.listening, 0, this.#sockets.count);
    return [...this.#refused.values()];
  }

  async #open({ shared, services, blockLists }: EngineChange, coming: Map<string, PlannedListener>): Promise<void> {
    for (const id of coming.keys()) if (this.#waiting.delete(id)) this.#refused.delete(id);
    const before = this.#plannedOf(coming.keys());
    const listeners = new Map<string, PlannedListener>();
    const without = new Map<string, PlannedListener | null>();
    for (const [id, planned] of coming) {
      const old = this.#tables.listener(id);
      without.set(id, old === null ? null : { ...planned, addresses: old.addresses });
      const taken = this.#openSockets(planned, old);
      if (taken === null) {
        listeners.set(id, planned);
        continue;
      }
      this.#refused.set(id, taken);
      const running = without.get(id);
      // One that runs already is refused its new addresses; in all else it follows the plan.
      if (running) listeners.set(id, running);
    }
    const refused = await this.#tell({ shared, services, listeners, ...(blockLists && { blockLists }) });
    if (refused.length > 0) await this.#giveUp(refused, without, coming);
    this.#closeSockets(before);
    for (const [id, { addresses }] of coming) {
      const running = this.#tables.listener(id);
      if (running?.addresses.some((address) => !addresses.includes(address))) this.#overstaying.add(id);
    }
  }

  /** Whole or not at all: what one worker cannot open, the others give up again. */
  async #giveUp(
    refused: readonly RefusedListener[],
    without: ReadonlyMap<string, PlannedListener | null>,
    coming: ReadonlyMap<string, PlannedListener>,
  ): Promise<void> {
    const back = new Map(refused.map(({ listenerId }) => [listenerId, without.get(listenerId) ?? null]));
    const before = this.#plannedOf(back.keys());
    await this.#tell({ ...NOTHING, listeners: back });
    this.#closeSockets(before);
    for (const refusal of refused) {
      const { listenerId } = refusal;
      this.#refused.set(listenerId, refusal);
      const planned = coming.get(listenerId);
      if (planned !== undefined) this.#waiting.set(listenerId, planned);
    }
  }

  /** Listeners, refused ones too, whose TLS is made of what changes: they are told, or tried, anew. */
  #usersOf(shared: EngineChange['shared']): PlannedListener[] {
    const changed = new Set([...shared.keys()].filter((key) => /^(certificate|authority)\//.test(key)));
    if (changed.size === 0) return [];
    const listeners = new Map([...this.#tables.listeners(), ...this.#waiting.values()].map((one) => [one.id, one]));
    return [...listeners.values()].filter(({ tls }) => tls !== null && tlsObjects(tls).some((key) => changed.has(key)));
  }

  /** A worker that was replaced could not open these; they are tried again until it can, or the plan changes them. */
  #reopen(refused: readonly RefusedListener[]): void {
    for (const refusal of refused) this.#refused.set(refusal.listenerId, refusal);
    if (refused.length === 0) return;
    const retry = setTimeout(() => void this.#tryAgain(refused), REOPEN_DELAY);
    retry.unref();
  }

  async #tryAgain(refused: readonly RefusedListener[]): Promise<void> {
    const listeners = new Map<string, PlannedListener>();
    for (const refusal of refused) {
      const planned = this.#tables.listener(refusal.listenerId);
      // What was changed or removed meanwhile is no longer ours to open.
      if (planned !== null && this.#refused.get(refusal.listenerId) === refusal) {
        listeners.set(refusal.listenerId, planned);
      }
    }
    if (listeners.size === 0) return;
    const now = await this.apply({ ...NOTHING, listeners });
    this.#reopen(now.filter(({ listenerId }) => listeners.has(listenerId)));
  }

  /** Listens on the addresses that are new. On all or on none: returns the first that cannot be had. */
  #openSockets(planned: PlannedListener, old: PlannedListener | null): RefusedListener | null {
    const { id, addresses } = planned;
    const refused = refuseWideRange(planned);
    if (refused !== null || !transportsOf(planned).tcp) return refused;
    const added = addresses.filter((address) => old?.addresses.includes(address) !== true);
    const places = added.flatMap((address) => portsOf(planned).map((port) => ({ address, port })));
    for (const [i, { address, port }] of places.entries()) {
      const taken = this.#sockets.open(id, address, port);
      if (taken === null) continue;
      for (const opened of places.slice(0, i)) this.#sockets.close(id, opened.address, opened.port);
      return taken;
    }
    return null;
  }

  #plannedOf(ids: Iterable<string>): PlannedListener[] {
    return [...ids].map((id) => this.#tables.listener(id)).filter((planned) => planned !== null);
  }

  /** Ends the listening of these, where the tables do not have them any more. */
  #closeSockets(before: readonly PlannedListener[]): void {
    for (const planned of before) {
      const { id, port } = planned;
      const now = this.#tables.listener(id);
      const kept = now?.port === port ? now.addresses : [];
      for (const address of planned.addresses) {
        if (kept.includes(address)) continue;
        for (const one of portsOf(planned)) this.#sockets.close(id, address, one);
      }
    }
  }

  async #tell(change: EngineChange): Promise<RefusedListener[]> {
    const shared = this.#tables.change(change);
    const answers = await Promise.all(this.#seats.map((seat) => seat.apply(shared)));
    this.#tables.retire(shared);
    return answers.flat();
  }
}

/** Keys of the shared entries that a listener's TLS is made of. */
function tlsObjects({ defaultCertificates, certificates, clientCertificates }: PlannedTls): string[] {
  const ids = [...defaultCertificates, ...certificates.map(({ certificateId }) => certificateId)];
  const keys = ids.map((id) => `certificate/${id}`);
  if (clientCertificates !== null) keys.push(`authority/${clientCertificates.authorityId}`);
  return keys;
}
