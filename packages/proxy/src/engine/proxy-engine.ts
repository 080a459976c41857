import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { ReactorName } from '../reactor/reactor.ts';
import type { EngineCounters } from '../telemetry/counters.ts';
import type { SharedCounters } from '../telemetry/shared-counters.ts';
import type { AddressProbe } from './address-probe.ts';
import type { EngineChange, ProxyEngine } from './engine.ts';
import type { SharedChange, Tables } from './tables.ts';
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
    const before = new Map<string, PlannedListener | null>();
    const listeners = new Map(change.listeners);
    for (const [id, planned] of change.listeners) {
      const old = this.#tables.listener(id);
      before.set(id, old);
      this.#refused.delete(id);
      const taken = planned === null ? null : this.#findTaken(planned, old);
      if (taken === null) continue;
      this.#refused.set(id, taken);
      listeners.delete(id);
    }
    const refused = await this.#tell(this.#tables.change({ services: change.services, listeners }));
    if (refused.size > 0) {
      // Whole or not at all: what one worker cannot open, the others give up again.
      const back = new Map(Array.from(refused.keys(), (id) => [id, before.get(id) ?? null] as const));
      await this.#tell(this.#tables.change({ services: new Map(), listeners: back }));
      for (const [id, refusal] of refused) this.#refused.set(id, refusal);
    }
    return [...this.#refused.values()];
  }

  /** Addresses that somebody else listens on; SO_REUSEPORT would let this user's other processes share them. */
  #findTaken(planned: PlannedListener, old: PlannedListener | null): RefusedListener | null {
    const kept = old !== null && old.port === planned.port ? old.addresses : [];
    for (const address of planned.addresses) {
      if (kept.includes(address)) continue;
      const refusal = this.#probe(planned.id, address, planned.port);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  async #tell(change: SharedChange): Promise<Map<string, RefusedListener>> {
    const answers = await Promise.all(this.#seats.map((seat) => seat.apply(change)));
    this.#tables.retire(change);
    return new Map(answers.flat().map((refusal) => [refusal.listenerId, refusal]));
  }
}
