import { RangeQueue } from '../reactor/range-queue.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import { ClientHello, COMPLETE, INCOMPLETE, MAX_HELLO } from './client-hello.ts';

/** Used for the length of one call. */
const hello = new ClientHello();
const joined = new Uint8Array(2 * MAX_HELLO);

/** Goes on with the connection, whose handler it sets; `serverName` is empty when the client named none. */
type Begin = (serverName: string) => void;

/**
 * A connection of a `tcp` listener that passes TLS through by server names, until its ClientHello is there. Its bytes
 * are kept as they came. What is no ClientHello, or names nobody, goes on without a name; silence beyond the listener's
 * header timeout ends the connection.
 */
export class ServerNameWait implements ConnectionHandler, Session {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #begin: Begin;
  readonly #startedAt: number;
  /** Less than MAX_HELLO bytes, and what came last. */
  readonly #held = new RangeQueue();
  #over = false;

  constructor(worker: WorkerContext, listener: Listener, connection: Connection, client: Client, begin: Begin) {
    this.#worker = worker;
    this.#listener = listener;
    this.#connection = connection;
    this.#client = client;
    this.#begin = begin;
    this.#startedAt = worker.reactor.now;
    listener.cells[ListenerCell.activeConnections]!++;
    connection.handler = this;
    connection.setDeadline(this.#startedAt + listener.planned.headerTimeout);
    listener.addSession(this);
  }

  drain(): void {
    this.#fail(EndReason.proxyAccept);
  }

  cut(): void {
    this.#fail(EndReason.proxyAccept);
  }

  cutFrom(): void {}

  onConnected(): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { arena, memory } = this.#worker;
    if (this.#over) {
      arena.release(buffer);
      return;
    }
    this.#held.push(buffer, start, end);
    const verdict = this.#held.length === 1 ? hello.parse(memory, start, end) : this.#parseHeld();
    if (verdict === INCOMPLETE) return;
    this.#over = true;
    this.#listener.cells[ListenerCell.activeConnections]!--;
    this.#listener.removeSession(this);
    connection.setDeadline(0);
    this.#begin(verdict === COMPLETE ? hello.serverName : '');
    this.#handOn(connection);
  }

  onSent(): void {}

  onEnd(): void {
    this.#fail(EndReason.clientConnect);
  }

  onDeadline(): void {
    this.#fail(EndReason.clientConnect);
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#leave(EndReason.clientConnect);
  }

  #parseHeld(): number {
    const { memory } = this.#worker;
    const held = this.#held;
    let length = 0;
    for (let i = 0; i < held.length; i++) {
      const end = Math.min(held.end(i), held.start(i) + joined.length - length);
      joined.set(memory.subarray(held.start(i), end), length);
      length += end - held.start(i);
    }
    return hello.parse(joined, 0, length);
  }

  /** Gives whoever handles the connection now what came of it before. */
  #handOn(connection: Connection): void {
    const held = this.#held;
    while (held.length > 0) {
      const [buffer, start, end] = [held.buffer(0), held.start(0), held.end(0)];
      held.shift();
      connection.handler.onReceive(connection, buffer, start, end);
    }
  }

  #fail(reason: EndReason): void {
    if (this.#over) return;
    this.#leave(reason);
    this.#connection.abort();
  }

  #leave(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#held.truncate(0, this.#worker.arena);
    const { cells, planned } = this.#listener;
    cells[ListenerCell.connections]!++;
    cells[ListenerCell.activeConnections]!--;
    cells[ListenerCell.reasons + reason]!++;
    if (planned.accessLog) {
      const record = new ConnectionRecord(this.#startedAt);
      record.reason = reason;
      this.#worker.log.connection(this.#listener, this.#client, record);
    }
    this.#listener.removeSession(this);
  }
}
