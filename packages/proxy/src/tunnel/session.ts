import { clientHash } from '../balance/client-hash.ts';
import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import { ListenerCell, TargetCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';
import { isCongested, isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';

/** Targets that are tried for one connection before it fails. */
const MAX_ATTEMPTS = 3;

/**
 * One client connection of a TCP listener and the connection to its target: bytes pass both ways at once, each direction
 * ends for itself, and what one side does not take stops the other from being read.
 */
export class TunnelSession implements ConnectionHandler, Session {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #client: Connection;
  readonly #record: ConnectionRecord;
  readonly #clientHash: number;
  #service: Service | null = null;
  #target: Target | null = null;
  #upstream: Connection | null = null;
  #connected = false;
  #attempts = 0;
  #tried = -1;
  #triedBefore = -1;
  #over = false;
  #draining = false;
  #clientEnded = false;
  #targetEnded = false;
  #clientPaused = true;
  #targetPaused = false;
  /** One side is closed, and both had ended: the other is getting its last bytes out. */
  #oneClosed = false;
  /** When something moved last. */
  #movedAt = 0;

  constructor(worker: WorkerContext, listener: Listener, client: Connection) {
    this.#worker = worker;
    this.#listener = listener;
    this.#client = client;
    this.#clientHash = clientHash(client.remoteAddress);
    this.#record = new ConnectionRecord(worker.reactor.now);
    listener.cells[ListenerCell.connections]!++;
    listener.cells[ListenerCell.activeConnections]!++;
    // Nothing is read before there is somewhere to put it.
    client.pause();
  }

  /** Chooses a target and connects to it. The session is the client connection's handler by now. */
  open(): void {
    const service = this.#listener.service;
    if (service !== this.#service) this.#tried = this.#triedBefore = -1;
    this.#service = service;
    const index = service === null ? -1 : service.pick(this.#clientHash, this.#tried, this.#triedBefore);
    if (service === null || index < 0) {
      this.#finish(EndReason.proxyRoute);
      this.#client.abort();
      return;
    }
    const { reactor } = this.#worker;
    const target = service.targets[index]!;
    this.#attempts++;
    this.#triedBefore = this.#tried;
    this.#tried = index;
    this.#target = target;
    this.#record.target = target.name;
    target.begin();
    target.cells[TargetCell.connections]!++;
    target.cells[TargetCell.activeConnections]!++;
    const upstream = reactor.connect(target.endpoint, this);
    this.#upstream = upstream;
    upstream.setDeadline(reactor.now + service.planned.connectTimeout);
  }

  drain(): void {
    this.#draining = true;
  }

  cut(): void {
    if (!this.#over) this.#abortBoth(EndReason.proxyTunnel);
  }

  cutFrom(target: Target): void {
    if (this.#target === target) this.cut();
  }

  onConnected(upstream: Connection): void {
    this.#connected = true;
    this.#record.connectedAt = this.#worker.reactor.now;
    this.#clientPaused = false;
    this.#movedAt = this.#worker.reactor.now;
    this.#client.setDeadline(this.#movedAt + this.#listener.planned.idleTimeout);
    upstream.setDeadline(0);
    this.#client.resume();
  }

  onReceive(from: Connection, buffer: number, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === null || this.#over) {
      this.#worker.arena.release(buffer);
      return;
    }
    this.#movedAt = this.#worker.reactor.now;
    this.#count(from, end - start);
    if (from === this.#client) {
      upstream.send(buffer, start, end);
      if (isCongested(upstream) && !this.#clientPaused) {
        this.#clientPaused = true;
        this.#client.pause();
      }
      return;
    }
    this.#client.send(buffer, start, end);
    if (isCongested(this.#client) && !this.#targetPaused) {
      this.#targetPaused = true;
      upstream.pause();
    }
  }

  onSent(to: Connection): void {
    this.#movedAt = this.#worker.reactor.now;
    if (!isRelieved(to)) return;
    if (to === this.#client) {
      if (!this.#targetPaused) return;
      this.#targetPaused = false;
      this.#upstream?.resume();
    } else if (this.#clientPaused) {
      this.#clientPaused = false;
      this.#client.resume();
    }
  }

  onEnd(from: Connection): void {
    this.#movedAt = this.#worker.reactor.now;
    if (from === this.#client) {
      this.#clientEnded = true;
      this.#upstream?.end();
    } else {
      this.#targetEnded = true;
      this.#client.end();
    }
  }

  onDeadline(connection: Connection): void {
    if (this.#over) return;
    if (!this.#connected) {
      if (connection === this.#upstream) this.#connectFailed();
      return;
    }
    const idleAt = this.#movedAt + this.#listener.planned.idleTimeout;
    if (idleAt > this.#worker.reactor.now) connection.setDeadline(idleAt);
    else this.#abortBoth(EndReason.proxyIdle);
  }

  onClosed(connection: Connection, reason: Closed): void {
    // Also what is left of an attempt that was given up for the next one.
    if (this.#over || (connection !== this.#client && connection !== this.#upstream)) return;
    if (connection === this.#upstream && !this.#connected) {
      this.#connectFailed();
      return;
    }
    const finished = reason === Closed.finished || reason === Closed.local;
    if (finished && this.#clientEnded && this.#targetEnded) {
      const other = connection === this.#client ? this.#upstream : this.#client;
      if (this.#oneClosed || other === null) {
        this.#finish(EndReason.none);
        return;
      }
      // The other side has both ends too; it only has to get its last bytes out, and not take for ever.
      this.#oneClosed = true;
      other.setDeadline(this.#worker.reactor.now + this.#listener.planned.idleTimeout);
      other.close();
      return;
    }
    const byClient = connection === this.#client;
    this.#finish(byClient ? EndReason.clientTunnel : EndReason.targetTunnel);
    if (byClient) this.#upstream?.abort();
    else this.#client.abort();
  }

  /** Not one byte has moved, so another target may be asked. */
  #connectFailed(): void {
    const target = this.#target;
    const upstream = this.#upstream;
    this.#leaveTarget();
    if (target !== null) target.cells[TargetCell.connectErrors]!++;
    this.#upstream = null;
    upstream?.abort();
    if (this.#attempts < MAX_ATTEMPTS && !this.#draining) {
      this.open();
      return;
    }
    this.#finish(EndReason.targetConnect);
    this.#client.abort();
  }

  /** Bytes that came from one side go to the other. */
  #count(from: Connection, bytes: number): void {
    const listener = this.#listener.cells;
    const target = this.#target?.cells;
    if (from === this.#client) {
      this.#record.bytesReceived += bytes;
      listener[ListenerCell.bytesReceived]! += bytes;
      if (target !== undefined) target[TargetCell.bytesSent]! += bytes;
    } else {
      this.#record.bytesSent += bytes;
      listener[ListenerCell.bytesSent]! += bytes;
      if (target !== undefined) target[TargetCell.bytesReceived]! += bytes;
    }
  }

  #abortBoth(reason: EndReason): void {
    this.#finish(reason);
    this.#client.abort();
    this.#upstream?.abort();
  }

  #leaveTarget(): void {
    const target = this.#target;
    if (target === null) return;
    this.#target = null;
    target.finish();
    target.cells[TargetCell.activeConnections]!--;
  }

  /** Counts and logs; called once. */
  #finish(reason: EndReason): void {
    if (this.#over) throw new Error('a tunnel ends once');
    const worker = this.#worker;
    const cells = this.#listener.cells;
    const record = this.#record;
    this.#leaveTarget();
    this.#over = true;
    record.reason = reason;
    cells[ListenerCell.activeConnections]!--;
    cells[ListenerCell.reasons + reason]!++;
    countDuration(cells, worker.reactor.now - record.startedAt);
    if (this.#listener.planned.accessLog) worker.log.connection(this.#listener, this.#client, record);
    this.#listener.removeSession(this);
  }
}
