import { HeldBytes } from '../reactor/held-bytes.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import type { Client } from './client.ts';
import type { ConnectionEnds } from './proxy-protocol/compose.ts';
import { V2_MOST } from './proxy-protocol/format.ts';
import { INCOMPLETE, MALFORMED, ProxyHeaderReader } from './proxy-protocol/header-reader.ts';

/** Used for the length of one call. */
const reader = new ProxyHeaderReader();

/** Goes on with the connection, whose handler it sets; `announced`: the ends that the header has named, if it has. */
type Begin = (announced: ConnectionEnds | null) => void;

/**
 * A connection of a trusted proxy that has to begin with a PROXY header. Nothing else is done with it before the header
 * is there: one that does not come in time, or is none, ends the connection without a word, as whoever would read an
 * answer is not known.
 */
export class HeaderWait implements ConnectionHandler, Session {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #connection: Connection;
  /** The proxy itself. */
  readonly #sender: Client;
  readonly #begin: Begin;
  readonly #startedAt: number;
  /** What has come of the header; less than `V2_MOST` bytes. */
  readonly #kept = new HeldBytes();
  #over = false;

  constructor(worker: WorkerContext, listener: Listener, connection: Connection, sender: Client, begin: Begin) {
    this.#worker = worker;
    this.#listener = listener;
    this.#connection = connection;
    this.#sender = sender;
    this.#begin = begin;
    this.#startedAt = worker.reactor.now;
    listener.cells[ListenerCell.activeConnections]!++;
    connection.setDeadline(this.#startedAt + listener.planned.headerTimeout);
  }

  drain(): void {
    this.#fail(EndReason.proxyAccept);
  }

  cut(): void {
    this.#fail(EndReason.proxyAccept);
  }

  cutFrom(): void {}

  onConnected(_connection: Connection): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { arena, memory } = this.#worker;
    if (this.#over) {
      arena.release(buffer);
      return;
    }
    const kept = this.#kept;
    const before = kept.length;
    let length: number;
    if (before === 0) length = reader.read(memory, start, end);
    else {
      kept.add(memory, start, Math.min(end, start + V2_MOST - before));
      length = reader.read(kept.bytes, 0, kept.length);
    }
    if (length === INCOMPLETE && before === 0) kept.add(memory, start, end);
    if (length === INCOMPLETE || length === MALFORMED) arena.release(buffer);
    if (length === MALFORMED) this.#fail(EndReason.clientConnect);
    if (length > 0) this.#take(connection, buffer, start + length - before, end);
  }

  onSent(_connection: Connection): void {}

  onEnd(_connection: Connection): void {
    this.#fail(EndReason.clientConnect);
  }

  onDeadline(_connection: Connection): void {
    this.#fail(EndReason.clientConnect);
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#leave(EndReason.clientConnect);
  }

  /** The header is there; memory[rest, end) came behind it. */
  #take(connection: Connection, buffer: number, rest: number, end: number): void {
    this.#over = true;
    this.#listener.cells[ListenerCell.activeConnections]!--;
    this.#listener.removeSession(this);
    connection.setDeadline(0);
    this.#begin(reader.announced ? announcedEnds() : null);
    if (rest < end) connection.handler.onReceive(connection, buffer, rest, end);
    else this.#worker.arena.release(buffer);
  }

  #fail(reason: EndReason): void {
    if (this.#over) return;
    this.#leave(reason);
    this.#connection.abort();
  }

  #leave(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    const { cells, planned } = this.#listener;
    cells[ListenerCell.connections]!++;
    cells[ListenerCell.activeConnections]!--;
    cells[ListenerCell.reasons + reason]!++;
    if (planned.accessLog) {
      const record = new ConnectionRecord(this.#startedAt);
      record.reason = reason;
      this.#worker.log.connection(this.#listener, this.#sender, record);
    }
    this.#listener.removeSession(this);
  }
}

function announcedEnds(): ConnectionEnds {
  return {
    remoteAddress: reader.source.toString(),
    remotePort: reader.sourcePort,
    localAddress: reader.destination.toString(),
    localPort: reader.destinationPort,
  };
}
