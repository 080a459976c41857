import { type Latencies, observeLatency } from '../balance/latency.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import type { TargetWatch } from '../standing/target-watch.ts';
import type { AsciiSegment } from '../telemetry/ascii-segment.ts';
import { TargetCell } from '../telemetry/cells.ts';
import { targetSegment } from '../telemetry/target-segment.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import type { UpstreamConnection } from './connection.ts';
import { KeptConnections } from './kept-connections.ts';

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
  /** For services that choose by them; else null. */
  latencies: Latencies | null = null;
  /** Where the worker may remember the fields that this target answers with. */
  headSlot = 0;
  /** For services whose traffic says how their targets are; else null. */
  watch: TargetWatch | null = null;
  /** It has left its group: what runs may end, nothing new begins. */
  gone = false;
  readonly #kept = new KeptConnections<UpstreamConnection>();

  constructor(id: string, serviceId: string, endpoint: Endpoint, cells: Float64Array, load: Int32Array, slot: number) {
    this.id = id;
    this.endpoint = endpoint;
    this.name = targetSegment(endpoint.address, endpoint.port, serviceId);
    this.cells = cells;
    this.load = load;
    this.slot = slot;
  }

  /** Whether a request or tunnel of this worker is under way here. */
  get busy(): boolean {
    return this.cells[TargetCell.activeRequests]! > 0;
  }

  /** A request or tunnel begins here. Each call is matched by one of `finish`. */
  begin(): void {
    Atomics.add(this.load, this.slot, 1);
    this.cells[TargetCell.requests]!++;
    this.cells[TargetCell.activeRequests]!++;
  }

  finish(): void {
    Atomics.sub(this.load, this.slot, 1);
    this.cells[TargetCell.activeRequests]!--;
  }

  /** It has answered, or a connection to it has opened, after so many milliseconds. */
  observe(milliseconds: number, wallTime: number): void {
    if (this.latencies !== null) observeLatency(this.latencies, this.slot, milliseconds, wallTime);
  }

  /** A kept connection that is secured by `tls` for this name; null: there is none. */
  takeIdle(tls: TargetTls | null, serverName: string): UpstreamConnection | null {
    const connection = this.#kept.take(tls, serverName);
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
    return true;
  }

  /** Takes one particular kept connection out, as it is going away. */
  forget(connection: UpstreamConnection): void {
    if (this.#kept.forget(connection)) this.cells[TargetCell.idleConnections]!--;
  }

  /** Nothing new goes to this target; kept connections are closed. */
  retire(): void {
    this.gone = true;
    this.watch = null;
    this.#kept.clear();
  }
}
