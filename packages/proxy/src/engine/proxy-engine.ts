import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { ReactorName } from '../reactor/reactor.ts';
import type { EngineCounters } from '../telemetry/counters.ts';
import type { SharedCounters } from '../telemetry/shared-counters.ts';
import type { AddressProbe } from './address-probe.ts';
import type { EngineChange, ProxyEngine } from './engine.ts';
import type { Tables } from './tables.ts';
import type { WorkerSeat } from './worker-seat.ts';

/** The data plane of one node: keeps what is wanted, and has all workers run the same. */
export class WorkerEngine implements ProxyEngine {
  readonly reactor: ReactorName;
  readonly reactorReason: string;
  readonly #tables: Tables;
  readonly #counters: SharedCounters;
  readonly #seats: readonly WorkerSeat[];
  readonly #probe: AddressProbe;
  readonly #refused = new Map<string, RefusedListener>();
  /** The call that is being carried out, and those behind it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    tables: Tables,
    counters: SharedCounters,
    seats: readonly WorkerSeat[],
    probe: AddressProbe,
    reactor: ReactorName,
    reason: string,
  ) {
    this.#tables = tables;
    this.#counters = counters;
    this.#seats = seats;
    this.#probe = probe;
    this.reactor = reactor;
    this.reactorReason = reason;
  }

  get workers(): number {
    return this.#seats.length;
  }

  apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    const outcome = this.#last.then(() => this.#apply(change));
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  counters(): EngineCounters {
    return this.#counters.read(this.#seats.reduce((sum, seat) => sum + seat.accessLogDropped, 0));
  }

  readAccessLog(): Uint8Array | null {
    const parts = this.#seats.map((seat) => seat.readAccessLog()).filter((part) => part !== null);
    if (parts.length < 2) return parts[0] ?? null;
    return Buffer.concat(parts);
  }

  async stop(drainMilliseconds: number): Promise<void> {
    await this.#last;
    await Promise.all(this.#seats.map((seat) => seat.stop(drainMilliseconds)));
  }

  async #apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    const leaving = new Map<string, null>();
    const coming = new Map<string, PlannedListener>();
    for (const [id, planned] of change.listeners) {
      this.#refused.delete(id);
      const old = this.#tables.listener(id);
      if (planned === null || (old !== null && (old.port !== planned.port || old.protocol !== planned.protocol))) {
        leaving.set(id, null);
      }
      if (planned !== null) coming.set(id, planned);
    }
    // What goes comes first, so that its addresses are free for what comes.
    if (leaving.size > 0) await this.#tell({ services: new Map(), listeners: leaving });
    await this.#open(change.services, coming);
    return [...this.#refused.values()];
  }

  async #open(services: EngineChange['services'], coming: Map<string, PlannedListener>): Promise<void> {
    const before = new Map<string, PlannedListener | null>();
    const listeners = new Map<string, PlannedListener>();
    for (const [id, planned] of coming) {
      const old = this.#tables.listener(id);
      const taken = this.#findTaken(planned, old);
      if (taken !== null) {
        this.#refused.set(id, taken);
        continue;
      }
      before.set(id, old);
      listeners.set(id, planned);
    }
    const refused = await this.#tell({ services, listeners });
    if (refused.length === 0) return;
    // Whole or not at all: what one worker cannot open, the others give up again.
    const back = new Map(refused.map(({ listenerId }) => [listenerId, before.get(listenerId) ?? null]));
    await this.#tell({ services: new Map(), listeners: back });
    for (const refusal of refused) this.#refused.set(refusal.listenerId, refusal);
  }

  /** Addresses that somebody else listens on; SO_REUSEPORT would let this user's other processes share them. */
  #findTaken(planned: PlannedListener, old: PlannedListener | null): RefusedListener | null {
    const kept = old?.addresses ?? [];
    for (const address of planned.addresses) {
      if (kept.includes(address)) continue;
      const refusal = this.#probe(planned.id, address, planned.port);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  async #tell(change: EngineChange): Promise<RefusedListener[]> {
    const shared = this.#tables.change(change);
    const answers = await Promise.all(this.#seats.map((seat) => seat.apply(shared)));
    this.#tables.retire(shared);
    return answers.flat();
  }
}
