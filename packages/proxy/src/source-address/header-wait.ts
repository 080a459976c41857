import { HeldBytes } from '../reactor/held-bytes.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { Opening } from '../worker/opening.ts';
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
export class HeaderWait extends Opening implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #begin: Begin;
  /** What has come of the header; less than `V2_MOST` bytes. */
  readonly #kept = new HeldBytes();

  /** `sender`: the proxy itself. */
  constructor(worker: WorkerContext, listener: Listener, connection: Connection, sender: Client, begin: Begin) {
    super(worker, listener, sender);
    this.#connection = connection;
    this.#begin = begin;
    connection.setDeadline(this.deadline);
  }

  drain(): void {
    this.#abort(EndReason.proxyAccept);
  }

  cut(): void {
    this.#abort(EndReason.proxyAccept);
  }

  onConnected(_connection: Connection): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { arena, memory } = this.worker;
    if (this.over) {
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
    if (length === MALFORMED) this.#abort(EndReason.clientConnect);
    if (length > 0) this.#take(connection, buffer, start + length - before, end);
  }

  onSent(_connection: Connection): void {}

  onEnd(_connection: Connection): void {
    this.#abort(EndReason.clientConnect);
  }

  onDeadline(_connection: Connection): void {
    this.#abort(EndReason.clientConnect);
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.fail(EndReason.clientConnect);
  }

  /** The header is there; memory[rest, end) came behind it. */
  #take(connection: Connection, buffer: number, rest: number, end: number): void {
    this.succeed();
    connection.setDeadline(0);
    this.#begin(reader.announced ? announcedEnds() : null);
    if (rest < end) connection.handler.onReceive(connection, buffer, rest, end);
    else this.worker.arena.release(buffer);
  }

  #abort(reason: EndReason): void {
    if (this.over) return;
    this.fail(reason);
    this.#connection.abort();
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
