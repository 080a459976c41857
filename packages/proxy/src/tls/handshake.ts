import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import type { TlsLibrary } from './library.ts';
import { type ContextChoice, SecureServer } from './secure-server.ts';
import { factsOf } from './tls-facts.ts';

/** Goes on with the secure connection, whose handler it sets. */
type Begin = (connection: Connection, client: Client) => void;

/**
 * A client connection of an `https` or `tls` listener until its handshake is done, for which it has the listener's
 * header timeout. One that fails is counted and logged here, and nobody else hears of it.
 */
export class Handshake implements ConnectionHandler, Session {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #client: Client;
  readonly #begin: Begin;
  readonly #connection: SecureServer;
  readonly #startedAt: number;
  #over = false;

  constructor(
    worker: WorkerContext,
    library: TlsLibrary,
    listener: Listener,
    choice: () => ContextChoice,
    raw: Connection,
    client: Client,
    begin: Begin,
  ) {
    this.#worker = worker;
    this.#listener = listener;
    this.#client = client;
    this.#begin = begin;
    this.#startedAt = worker.reactor.now;
    listener.cells[ListenerCell.activeConnections]!++;
    this.#connection = new SecureServer(worker.reactor, library, choice, raw, this);
    this.#connection.setDeadline(this.#startedAt + listener.planned.headerTimeout);
    listener.addSession(this);
  }

  drain(): void {
    this.cut();
  }

  cut(): void {
    this.#leave(EndReason.proxyHandshake, 'the listener is gone');
    this.#connection.abort();
  }

  cutFrom(): void {}

  onConnected(connection: Connection): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.cells[ListenerCell.activeConnections]!--;
    this.#listener.removeSession(this);
    connection.setDeadline(0);
    if (connection.tls !== null) this.#client.tls = factsOf(connection.tls);
    this.#begin(connection, this.#client);
  }

  onReceive(_connection: Connection, buffer: number): void {
    this.#worker.arena.release(buffer);
  }

  onSent(): void {}

  onEnd(): void {}

  onDeadline(): void {
    this.#leave(EndReason.clientHandshake, 'the handshake took too long');
    this.#connection.abort();
  }

  onClosed(_connection: Connection, reason: Closed): void {
    const ours = reason === Closed.exhausted;
    this.#leave(ours ? EndReason.proxyHandshake : EndReason.clientHandshake, this.#connection.failure);
  }

  #leave(reason: EndReason, failure: string): void {
    if (this.#over) return;
    this.#over = true;
    const { cells, planned } = this.#listener;
    cells[ListenerCell.connections]!++;
    cells[ListenerCell.activeConnections]!--;
    cells[ListenerCell.reasons + reason]!++;
    if (planned.accessLog) {
      const record = new ConnectionRecord(this.#startedAt);
      record.reason = reason;
      record.failure = failure;
      this.#worker.log.connection(this.#listener, this.#client, record);
    }
    this.#listener.removeSession(this);
  }
}
