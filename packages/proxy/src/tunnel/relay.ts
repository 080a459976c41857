import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { isCongested, isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';

/** How long peers of connections that are closed in good order have to end as well, in milliseconds. */
const CLOSING = 5_000;

/** Whose connections are relayed. */
export interface RelayOwner {
  /** How long nothing may move, in milliseconds. */
  readonly idleTimeout: number;
  /** Bytes of the client are on their way to the target, or the other way round. */
  onRelayed(fromClient: boolean, bytes: number): void;
  /** It is over: called once, before connections that still live are aborted. */
  onRelayOver(reason: EndReason): void;
}

/**
 * Two connections that are one for those at its ends: bytes pass both ways at once in the buffers that they arrive in,
 * each direction ends for itself, and what one side does not take stops the other from being read.
 */
export class Relay implements ConnectionHandler {
  readonly #worker: WorkerContext;
  readonly #owner: RelayOwner;
  readonly #client: Connection;
  readonly #upstream: Connection;
  #over = false;
  #clientEnded = false;
  #targetEnded = false;
  #clientPaused = false;
  #targetPaused = false;
  /** One side is closed, and both had ended: the other is getting its last bytes out. */
  #oneClosed = false;
  /** When something moved last. */
  #movedAt: number;
  /** How long the client had been kept waiting by our own limits when that was last asked. */
  #heldBack = 0;

  /** Takes both connections over; they are read from now on, whether they were paused or not. */
  constructor(worker: WorkerContext, client: Connection, upstream: Connection, owner: RelayOwner) {
    this.#worker = worker;
    this.#owner = owner;
    this.#client = client;
    this.#upstream = upstream;
    this.#movedAt = worker.reactor.now;
    client.handler = this;
    upstream.handler = this;
    client.largeReceives = true;
    upstream.largeReceives = true;
    client.setDeadline(this.#movedAt + owner.idleTimeout);
    upstream.setDeadline(0);
    client.resume();
    upstream.resume();
    this.#pauseTarget();
  }

  /** Both connections are cut off. */
  cut(reason: EndReason): void {
    if (this.#over) return;
    this.#finish(reason);
    this.#client.abort();
    this.#upstream.abort();
  }

  /** Both connections are closed once what was received has been sent; what still comes is lost, but resets nobody. */
  close(reason: EndReason): void {
    if (this.#over) return;
    this.#finish(reason);
    this.#client.closeLingering(CLOSING);
    this.#upstream.closeLingering(CLOSING);
  }

  onConnected(_connection: Connection): void {}

  onReceive(from: Connection, buffer: number, start: number, end: number): void {
    if (this.#over) {
      this.#worker.arena.release(buffer);
      return;
    }
    this.#movedAt = this.#worker.reactor.now;
    const fromClient = from === this.#client;
    this.#owner.onRelayed(fromClient, end - start);
    if (fromClient) {
      this.#upstream.send(buffer, start, end);
      this.#pauseClient();
    } else {
      this.#client.send(buffer, start, end);
      this.#pauseTarget();
    }
  }

  onSent(to: Connection): void {
    this.#movedAt = this.#worker.reactor.now;
    if (!isRelieved(to)) return;
    if (to === this.#client) {
      if (!this.#targetPaused) return;
      this.#targetPaused = false;
      this.#upstream.resume();
    } else if (this.#clientPaused) {
      this.#clientPaused = false;
      this.#client.resume();
    }
  }

  onEnd(from: Connection): void {
    this.#movedAt = this.#worker.reactor.now;
    if (from === this.#client) {
      this.#clientEnded = true;
      this.#upstream.end();
    } else {
      this.#targetEnded = true;
      this.#client.end();
    }
  }

  onDeadline(connection: Connection): void {
    if (this.#over) return;
    if (this.#client.heldBack > this.#heldBack) {
      this.#heldBack = this.#client.heldBack;
      this.#movedAt = this.#worker.reactor.now;
    }
    const idleAt = this.#movedAt + this.#owner.idleTimeout;
    if (idleAt > this.#worker.reactor.now) connection.setDeadline(idleAt);
    else this.cut(EndReason.proxyIdle);
  }

  onClosed(connection: Connection, reason: Closed): void {
    if (this.#over) return;
    const byClient = connection === this.#client;
    const other = byClient ? this.#upstream : this.#client;
    const finished = reason === Closed.finished || reason === Closed.local;
    if (!finished || !this.#clientEnded || !this.#targetEnded) {
      this.#finish(byClient ? EndReason.clientTunnel : EndReason.targetTunnel);
      other.abort();
    } else if (this.#oneClosed) {
      this.#finish(EndReason.none);
    } else {
      // The other side has both ends too; it only has to get its last bytes out, and not take for ever.
      this.#oneClosed = true;
      other.setDeadline(this.#worker.reactor.now + this.#owner.idleTimeout);
      other.close();
    }
  }

  #pauseClient(): void {
    if (this.#clientPaused || !isCongested(this.#upstream)) return;
    this.#clientPaused = true;
    this.#client.pause();
  }

  #pauseTarget(): void {
    if (this.#targetPaused || !isCongested(this.#client)) return;
    this.#targetPaused = true;
    this.#upstream.pause();
  }

  #finish(reason: EndReason): void {
    this.#over = true;
    this.#owner.onRelayOver(reason);
  }
}
