import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import type { Limit } from './limit.ts';

/** How long a client that is turned away has to take its answer, in milliseconds. */
const LINGER = 1_000;

/** Clients of one worker that are being turned away; others are reset, as nothing may be kept of them. */
const MOST_ANSWERED = 256;

/**
 * Turns new connections away. A client in the clear is answered 503 with Retry-After before it has said anything; where
 * the answer would have to be encrypted, or is none that it would understand, the connection is reset. Not logged: there
 * may be many, and nothing is known of them.
 */
export class TurnAway implements ConnectionHandler {
  readonly #worker: WorkerContext;
  #answered = 0;

  constructor(worker: WorkerContext) {
    this.#worker = worker;
  }

  turnAway(listener: Listener, connection: Connection, limit: Limit): void {
    const { cells, planned } = listener;
    cells[ListenerCell.connections]!++;
    cells[ListenerCell.reasons + EndReason.proxyAccept]!++;
    cells[ListenerCell.limits + limit]!++;
    connection.handler = this;
    // A few bytes, which would be late if they stood in line.
    connection.pacer = null;
    this.#answered++;
    if (planned.protocol !== 'http' || planned.acceptProxyProtocol || this.#answered > MOST_ANSWERED) {
      connection.abort();
      return;
    }
    const { start, end } = this.#worker.responses.get(503, false, true);
    connection.send(-1, start, end);
    connection.closeLingering(LINGER);
    // Until it has taken the answer, of which the linger time does not begin to run.
    connection.setDeadline(this.#worker.reactor.now + LINGER);
  }

  /** Resets the connection of somebody who may not connect; it has been counted. */
  refuse(connection: Connection): void {
    connection.handler = this;
    this.#answered++;
    connection.abort();
  }

  onConnected(): void {}

  onReceive(_connection: Connection, buffer: number): void {
    this.#worker.arena.release(buffer);
  }

  onSent(): void {}

  onEnd(): void {}

  onDeadline(connection: Connection): void {
    connection.abort();
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#answered--;
  }
}
