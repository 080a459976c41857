import { FAILED } from '../balance/latency.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import type { Movable } from '../rebalance/rebalancer.ts';
import { AttemptFailure, connectFailure } from '../retry/attempt-failure.ts';
import { describeFailedAttempt } from '../retry/failed-attempts.ts';
import type { Client } from '../source-address/client.ts';
import { pickSticky, StickyVisit } from '../stickiness/sticky-visit.ts';
import { ListenerCell, TargetCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { connectTarget } from '../upstream/connect-target.ts';
import type { Service } from '../upstream/service.ts';
import type { ServiceQueue, Waiter } from '../upstream/service-queue.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, ServiceSource, Session } from '../worker/listener.ts';
import { countRelayed } from './count-relayed.ts';
import { Relay, type RelayOwner } from './relay.ts';

/** One client connection of a TCP listener: finds a target for it, connects there, and has the two relayed. */
export class TunnelSession implements ConnectionHandler, Session, RelayOwner, Waiter, Movable {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #client: Connection;
  readonly #record: ConnectionRecord;
  readonly #ends: Client;
  /** Whose service it is: the listener, or what a server name stands for. */
  readonly #source: ServiceSource;
  /** What came before the connection was paused: behind the client's PROXY header, or its ClientHello. */
  #held: RangeQueue | null = null;
  #service: Service | null = null;
  /** Where it waits, or has waited, for a target with room. */
  #queue: ServiceQueue | null = null;
  #target: Target | null = null;
  #upstream: Connection | null = null;
  #relay: Relay | null = null;
  /** For a service that keeps its clients; else null. */
  #visit: StickyVisit | null = null;
  /** When the connection to the target began to be made. */
  #openedAt = 0;
  #attempts = 0;
  #tried = -1;
  #triedBefore = -1;
  #over = false;
  #draining = false;
  movableSince = 0;

  constructor(worker: WorkerContext, listener: Listener, client: Connection, ends: Client, source: ServiceSource) {
    this.#worker = worker;
    this.#listener = listener;
    this.#client = client;
    this.#ends = ends;
    this.#source = source;
    this.#record = new ConnectionRecord(worker.reactor.now);
    listener.cells[ListenerCell.connections]!++;
    listener.cells[ListenerCell.activeConnections]!++;
    // Nothing is read before there is somewhere to put it.
    client.pause();
  }

  /** Chooses a target and connects to it. The session is the client connection's handler by now. */
  open(): void {
    this.#openOrWait(false);
  }

  onTurn(): boolean {
    return this.#openOrWait(true);
  }

  onWaitedTooLong(): void {
    this.#finish(EndReason.proxyQueueTimeout);
    this.#client.abort();
  }

  /** False: it goes on waiting. `queued`: its turn in the queue has come. */
  #openOrWait(queued: boolean): boolean {
    const { service } = this.#source;
    if (service !== this.#service) this.#tried = this.#triedBefore = -1;
    this.#service = service;
    if (this.#attempts === 0 && service !== null && service.sticky !== null) {
      this.#visit = new StickyVisit(this.#worker);
      this.#visit.readConnection(service.sticky, this.#ends.remoteAddress);
    }
    const index = pickSticky(service, this.#visit, this.#ends.hash, this.#tried, this.#triedBefore);
    if (service === null || index < 0) {
      this.#finish(EndReason.proxyRoute);
      this.#client.abort();
      return true;
    }
    const isBehind = !queued && service.queue !== null && service.queue.isUsed;
    let place = !isBehind && this.#reserve(service.targets[index]!) ? index : -1;
    if (place < 0 && !isBehind) {
      const other = service.pickWithRoom(this.#ends.hash, index, this.#tried);
      if (other >= 0 && this.#reserve(service.targets[other]!)) place = other;
    }
    if (place >= 0) this.#connect(service, place);
    else if (queued) return false;
    else this.#wait(service);
    return true;
  }

  /** Takes a place for the tunnel and its connection. */
  #reserve(target: Target): boolean {
    if (!target.reserve()) return false;
    if (target.openConnection()) return true;
    target.giveBack();
    return false;
  }

  /** Gets in line for the first target that has room. */
  #wait(service: Service): void {
    const { queue, limits } = service;
    if (queue?.join(this, this.#listener, limits.queueSize, limits.queueTimeout) === true) {
      this.#queue = queue;
      return;
    }
    this.#finish(EndReason.proxyQueueFull);
    this.#client.abort();
  }

  #connect(service: Service, index: number): void {
    const { reactor } = this.#worker;
    const target = service.targets[index]!;
    if (this.#attempts++ === 0) service.retry.budget.onRequest();
    else target.cells[TargetCell.retries]!++;
    this.#record.attempts = this.#attempts;
    this.#triedBefore = this.#tried;
    this.#tried = index;
    this.#target = target;
    this.#record.target = target.name;
    this.#openedAt = reactor.now;
    target.begin();
    const { lastPort } = this.#listener.planned;
    // Targets of a range of ports hear on the one that the client asked for.
    const at = lastPort === undefined ? target.endpoint : { ...target.endpoint, port: this.#ends.localPort };
    const name = this.#nameAt(service, target);
    const upstream = connectTarget(reactor, service, target, this.#ends, name, this, at);
    this.#upstream = upstream;
    upstream.setDeadline(reactor.now + service.planned.connectTimeout);
  }

  drain(): void {
    this.#draining = true;
  }

  cut(): void {
    if (this.#over) return;
    if (this.#relay !== null) {
      this.#relay.cut(EndReason.proxyTunnel);
      return;
    }
    this.#finish(EndReason.proxyTunnel);
    this.#client.abort();
    this.#upstream?.abort();
  }

  move(): void {
    this.#relay?.close(EndReason.proxyRebalance);
  }

  cutFrom(target: Target): void {
    if (this.#target === target) this.cut();
  }

  // The session hears of its connections until both are there; from then on the relay does.

  onConnected(upstream: Connection): void {
    const { now, wallTime } = this.#worker.reactor;
    this.#record.connectedAt = now;
    if (this.#listener.planned.accessLog) this.#record.roundTrip = this.#client.roundTrip();
    this.#target?.observe(now - this.#openedAt, wallTime);
    this.#target?.watch?.connected();
    const relay = new Relay(this.#worker, this.#client, upstream, this);
    this.#relay = relay;
    this.movableSince = now;
    this.#target?.movables.add(this);
    const held = this.#held;
    while (held !== null && held.length > 0) {
      const [buffer, start, end] = [held.buffer(0), held.start(0), held.end(0)];
      held.shift();
      relay.onReceive(this.#client, buffer, start, end);
    }
  }

  /** The client is paused: nothing comes but, at the beginning, what was read of it before. */
  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    if (this.#over) {
      this.#worker.arena.release(buffer);
      return;
    }
    this.#held ??= new RangeQueue();
    this.#held.push(buffer, start, end);
  }

  onSent(_connection: Connection): void {}

  onEnd(_connection: Connection): void {}

  onDeadline(connection: Connection): void {
    if (connection === this.#upstream) this.#connectFailed(Closed.timedOut);
  }

  onClosed(connection: Connection, reason: Closed): void {
    if (this.#over) return;
    // Also what is left of an attempt that was given up for the next one.
    if (connection === this.#upstream) this.#connectFailed(reason);
    else if (connection === this.#client) {
      this.#finish(EndReason.clientTunnel);
      this.#upstream?.abort();
    }
  }

  get idleTimeout(): number {
    return this.#listener.planned.idleTimeout;
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    const record = this.#record;
    if (fromClient) record.bytesReceived += bytes;
    else record.bytesSent += bytes;
    if (this.#target !== null) countRelayed(this.#listener.cells, this.#target.cells, fromClient, bytes);
  }

  onRelayOver(reason: EndReason): void {
    this.#finish(reason);
  }

  /** Not one byte has moved, so another target may be asked. */
  #connectFailed(reason: Closed): void {
    const target = this.#target;
    const upstream = this.#upstream;
    this.#leaveTarget();
    if (target !== null) {
      target.cells[TargetCell.connectErrors]!++;
      target.observe(FAILED, this.#worker.reactor.wallTime);
    }
    this.#upstream = null;
    upstream?.abort();
    const failure = connectFailure(reason);
    if (target !== null) {
      const failed = describeFailedAttempt(target.endpoint, failure);
      this.#record.failedAttempts += this.#record.failedAttempts === '' ? failed : `, ${failed}`;
      if (failure !== AttemptFailure.exhausted && reason !== Closed.local) target.watch?.connectFailed();
    }
    const { wallTime } = this.#worker.reactor;
    if (!this.#draining && this.#service?.retry.takes(failure, this.#attempts, false, wallTime) === true) {
      this.open();
      return;
    }
    this.#finish(reason === Closed.handshake ? EndReason.targetHandshake : EndReason.targetConnect);
    this.#client.abort();
  }

  /** The name that a target has to have when it is spoken to over TLS. */
  #nameAt({ tls }: Service, target: Target): string {
    return tls === null ? '' : tls.nameFor(this.#ends.tls?.serverName ?? '', target.endpoint.address);
  }

  #leaveTarget(): void {
    const target = this.#target;
    if (target === null) return;
    this.#target = null;
    target.movables.delete(this);
    target.closeConnection();
    target.finish();
  }

  /** Counts and logs; called once. */
  #finish(reason: EndReason): void {
    if (this.#over) throw new Error('a tunnel ends once');
    const worker = this.#worker;
    const cells = this.#listener.cells;
    const record = this.#record;
    // The client is remembered from the end of its connection on.
    const sticky = this.#service?.sticky ?? null;
    if (sticky !== null && this.#relay !== null) this.#visit?.touch(sticky, this.#tried);
    this.#leaveTarget();
    this.#over = true;
    this.#queue?.leave(this);
    this.#held?.truncate(0, this.#worker.arena);
    record.reason = reason;
    cells[ListenerCell.activeConnections]!--;
    this.#listener.leave();
    cells[ListenerCell.reasons + reason]!++;
    countDuration(cells, worker.reactor.now - record.startedAt);
    if (this.#listener.planned.accessLog) worker.log.connection(this.#listener, this.#ends, record);
    this.#listener.removeSession(this);
  }
}
