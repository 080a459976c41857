import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { Opening } from '../worker/opening.ts';
import type { TlsLibrary } from './library.ts';
import { type ContextChoice, SecureServer } from './secure-server.ts';
import { factsOf } from './tls-facts.ts';

/** Goes on with the secure connection, whose handler it sets. */
type Begin = (connection: Connection, client: Client) => void;

/**
 * A client connection of an `https` or `tls` listener until its handshake is done, for which it has the listener's
 * header timeout. One that fails is counted and logged here, and nobody else hears of it.
 */
export class Handshake extends Opening implements ConnectionHandler {
  readonly #begin: Begin;
  readonly #connection: SecureServer;

  constructor(
    worker: WorkerContext,
    library: TlsLibrary,
    listener: Listener,
    choice: () => ContextChoice,
    raw: Connection,
    client: Client,
    begin: Begin,
  ) {
    super(worker, listener, client);
    this.#begin = begin;
    this.#connection = new SecureServer(worker.reactor, library, choice, raw, this);
    if (listener.planned.protocol === 'https') this.#connection.plainAnswer = worker.responses.withoutTls;
    this.#connection.setDeadline(this.deadline);
  }

  drain(): void {
    this.cut();
  }

  cut(): void {
    this.fail(EndReason.proxyHandshake, 'given up: the listener is gone, or too many clients were waiting');
    this.#connection.abort();
  }

  onConnected(connection: Connection): void {
    if (this.over) return;
    this.succeed();
    connection.setDeadline(0);
    if (connection.tls !== null) {
      this.client.tls = { ...factsOf(connection.tls), handshakeMilliseconds: this.lasted };
    }
    this.#begin(connection, this.client);
  }

  onReceive(_connection: Connection, buffer: number): void {
    this.worker.arena.release(buffer);
  }

  onSent(): void {}

  onEnd(): void {}

  onDeadline(): void {
    // Time in which our own limits held it up is not its own.
    const until = this.deadline + this.#connection.heldBack;
    if (until > this.worker.reactor.now) {
      this.#connection.setDeadline(until);
      return;
    }
    this.fail(EndReason.clientHandshake, 'the handshake took too long');
    this.#connection.abort();
  }

  onClosed(_connection: Connection, reason: Closed): void {
    const { failure, spokePlain, unserved } = this.#connection;
    const ours = reason === Closed.exhausted || unserved;
    if (spokePlain) this.fail(EndReason.clientPlainHttp, failure);
    else this.fail(ours ? EndReason.proxyHandshake : EndReason.clientHandshake, failure);
  }
}
