import { type PlannedTargetLimits, STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { type Latencies, observeLatency } from '../balance/latency.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import type { Movable } from '../rebalance/rebalancer.ts';
import type { TargetWatch } from '../standing/target-watch.ts';
import type { AsciiSegment } from '../telemetry/ascii-segment.ts';
import { TargetCell } from '../telemetry/cells.ts';
import { targetSegment } from '../telemetry/target-segment.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import type { UpstreamConnection } from './connection.ts';
import { IdleLimit } from './idle-limit.ts';
import { KeptConnections } from './kept-connections.ts';
import type { Relief } from './relief.ts';
import type { ServiceQueue } from './service-queue.ts';

/** One target of one service as one worker uses it: its kept connections and its counters. */
export class Target {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** What the log says of it and its service. */
  readonly name: AsciiSegment;
  /** Counter row in shared memory, written by this worker alone. */
  readonly cells: Float64Array;
  /** Requests or tunnels under way on all workers of this process, at `slot`; what least connections compares. */
  readonly load: Int32Array;
  readonly slot: number;
  /** Connections to it on all workers, at `slot`. */
  readonly connections: Int32Array;
  /** What the service lets one target have, over all workers. */
  maxRequests = STANDARD_TARGET_LIMITS.maxRequests;
  maxConnections = STANDARD_TARGET_LIMITS.maxConnections;
  /** What waits for a place at a target of the service; null: nothing ever does. */
  queue: ServiceQueue | null = null;
  /** For services whose kept connections could take the places of those that are needed; else null. */
  relief: Relief | null = null;
  /** How long it keeps connections on which nothing comes. */
  readonly idleLimit = new IdleLimit();
  /** Long-lived connections to it in this worker, the oldest first. */
  readonly movables = new Set<Movable>();
  /** For services that choose by them; else null. */
  latencies: Latencies | null = null;
  /** Where the worker may remember the fields that this target answers with. */
  headSlot = 0;
  /** For services whose traffic says how their targets are; else null. */
  watch: TargetWatch | null = null;
  /** Healthy, or not checked. */
  isUp = true;
  /** It has left its group: what runs may end, nothing new begins. */
  gone = false;
  readonly #kept = new KeptConnections<UpstreamConnection>();

  constructor(
    id: string,
    serviceId: string,
    endpoint: Endpoint,
    cells: Float64Array,
    load: Int32Array,
    connections: Int32Array,
    slot: number,
  ) {
    this.id = id;
    this.endpoint = endpoint;
    this.name = targetSegment(endpoint.address, endpoint.port, serviceId);
    this.cells = cells;
    this.load = load;
    this.connections = connections;
    this.slot = slot;
  }

  /** What its service has it do from now on. */
  follow(
    { maxRequests, maxConnections }: PlannedTargetLimits,
    queue: ServiceQueue,
    relief: Relief | null,
    latencies: Latencies | null,
  ): void {
    this.maxRequests = maxRequests;
    this.maxConnections = maxConnections;
    while (this.hasTooMany && this.#kept.closeOldest());
    this.queue = queue;
    this.relief = relief;
    this.latencies = latencies;
  }

  /** Whether connections to it wait for a request here. */
  get keepsAny(): boolean {
    return !this.#kept.isEmpty;
  }

  /** Whether a request or tunnel of this worker is under way here. */
  get busy(): boolean {
    return this.cells[TargetCell.activeRequests]! > 0;
  }

  /**
   * Takes a place for a request or tunnel, to be followed by `begin`, or by `giveBack`; false: there is none. Two workers
   * that ask at the same moment may both be refused the last place, never both get it.
   */
  reserve(): boolean {
    if (Atomics.add(this.load, this.slot, 1) < this.maxRequests) return true;
    this.giveBack();
    return false;
  }

  /** The place is not needed after all. */
  giveBack(): void {
    Atomics.sub(this.load, this.slot, 1);
  }

  /** Takes a place for a connection; false: there is none. Each that was taken is given back by `closeConnection`. */
  openConnection(): boolean {
    // Those that wait here for requests of other kinds, under other names, come last.
    if (!this.#takeConnection() && !(this.#kept.closeOldest() && this.#takeConnection())) {
      this.relief?.ask(this.slot);
      return false;
    }
    this.cells[TargetCell.connections]!++;
    this.cells[TargetCell.activeConnections]!++;
    return true;
  }

  #takeConnection(): boolean {
    if (Atomics.add(this.connections, this.slot, 1) < this.maxConnections) return true;
    Atomics.sub(this.connections, this.slot, 1);
    return false;
  }

  /** Whether there are more connections than are allowed by now: then one that is free is closed. */
  get hasTooMany(): boolean {
    return this.connections[this.slot]! > this.maxConnections;
  }

  closeConnection(): void {
    Atomics.sub(this.connections, this.slot, 1);
    this.cells[TargetCell.activeConnections]!--;
  }

  /** Whether a request would find a place, and a connection to go by. */
  get hasRoom(): boolean {
    const { slot } = this;
    if (this.load[slot]! >= this.maxRequests) return false;
    return this.connections[slot]! < this.maxConnections || this.cells[TargetCell.idleConnections]! > 0;
  }

  /** A request or tunnel begins here, whose place was reserved. Each call is matched by one of `finish`. */
  begin(): void {
    this.cells[TargetCell.requests]!++;
    this.cells[TargetCell.activeRequests]!++;
  }

  finish(): void {
    Atomics.sub(this.load, this.slot, 1);
    this.cells[TargetCell.activeRequests]!--;
    if (this.queue !== null && this.queue.waiting > 0) this.queue.serve();
  }

  /** It has answered, or a connection to it has opened, after so many milliseconds. */
  observe(milliseconds: number, wallTime: number): void {
    if (this.latencies !== null) observeLatency(this.latencies, this.slot, milliseconds, wallTime);
  }

  /** A kept connection that is secured by `tls` for this name and waits `since` then or later; null: there is none. */
  takeIdle(tls: TargetTls | null, serverName: string, since: number): UpstreamConnection | null {
    const connection = this.#kept.take(tls, serverName, since);
    if (connection !== null) this.cells[TargetCell.idleConnections]!--;
    return connection;
  }

  /**
   * Keeps a connection for a later request; when there are many, another one goes for it. False: it is of no use, as the
   * target is gone or spoken to in another way now, and the caller closes it.
   */
  keep(connection: UpstreamConnection): boolean {
    if (this.gone || !this.#kept.keep(connection)) return false;
    this.cells[TargetCell.idleConnections]!++;
    this.relief?.watch(this);
    return true;
  }

  /** Takes one particular kept connection out, as it is going away. */
  forget(connection: UpstreamConnection): void {
    if (this.#kept.forget(connection)) this.cells[TargetCell.idleConnections]!--;
  }

  /** Closes the kept connection that has waited longest; false: there is none. */
  closeOldest(): boolean {
    return this.#kept.closeOldest();
  }

  /** Nothing new goes to this target; kept connections are closed. */
  retire(): void {
    this.gone = true;
    this.watch = null;
    this.#kept.clear();
  }
}
