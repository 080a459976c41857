import type { Endpoint } from '../reactor/reactor.ts';
import type { AsciiSegment } from '../telemetry/ascii-segment.ts';
import { TargetCell } from '../telemetry/cells.ts';
import { targetSegment } from '../telemetry/target-segment.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import type { UpstreamConnection } from './connection.ts';

/** Connections of one worker that wait for a request, per target. Beyond it a connection is closed instead of kept. */
const MAX_IDLE = 512;

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
  /** Where the worker may remember the fields that this target answers with. */
  headSlot = 0;
  /** It has left its group: what runs may end, nothing new begins. */
  gone = false;
  /** Kept connections; the one used last is taken first, so that the others can grow old and go. */
  readonly #idle: UpstreamConnection[] = [];

  constructor(id: string, serviceId: string, endpoint: Endpoint, cells: Float64Array, load: Int32Array, slot: number) {
    this.id = id;
    this.endpoint = endpoint;
    this.name = targetSegment(endpoint.address, endpoint.port, serviceId);
    this.cells = cells;
    this.load = load;
    this.slot = slot;
  }

  get idleCount(): number {
    return this.#idle.length;
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

  /** A kept connection that is secured by `tls` for this name; null: there is none. */
  takeIdle(tls: TargetTls | null, serverName: string): UpstreamConnection | null {
    const idle = this.#idle;
    for (let index = idle.length - 1; index >= 0; index--) {
      const connection = idle[index]!;
      if (connection.tls !== tls || connection.serverName !== serverName) continue;
      this.forget(connection);
      return connection;
    }
    return null;
  }

  /** Keeps a connection for a later request. False: there is no room or the target is gone, the caller closes it. */
  keep(connection: UpstreamConnection): boolean {
    if (this.gone || this.#idle.length === MAX_IDLE) return false;
    connection.idleIndex = this.#idle.length;
    this.#idle.push(connection);
    this.cells[TargetCell.idleConnections]!++;
    return true;
  }

  /** Takes one particular kept connection out, as it is going away. */
  forget(connection: UpstreamConnection): void {
    const index = connection.idleIndex;
    if (index < 0) return;
    connection.idleIndex = -1;
    this.cells[TargetCell.idleConnections]!--;
    const last = this.#idle.pop();
    if (last === undefined || last === connection) return;
    this.#idle[index] = last;
    last.idleIndex = index;
  }

  /** Nothing new goes to this target; kept connections are closed. */
  retire(): void {
    this.gone = true;
    // Each takes itself out of the list.
    for (let last = this.#idle.at(-1); last !== undefined; last = this.#idle.at(-1)) last.discard();
  }
}
