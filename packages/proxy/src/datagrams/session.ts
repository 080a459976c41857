import { Limit } from '../limits/limit.ts';
import type { DatagramHandler, DatagramPeer, DatagramSocket } from '../reactor/datagram.ts';
import type { Endpoint, Timer } from '../reactor/reactor.ts';
import { Client } from '../source-address/client.ts';
import { composeV2 } from '../source-address/proxy-protocol/compose.ts';
import { pickSticky, StickyVisit } from '../stickiness/sticky-visit.ts';
import { ListenerCell, TargetCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { countRelayed } from '../tunnel/count-relayed.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import type { LoggedListener } from './logged-listener.ts';

/** Where a session has come from, and how it answers. */
export interface SessionPlace {
  readonly listener: Listener;
  readonly logged: LoggedListener;
  /** What the client has sent to. */
  readonly local: Endpoint;
  readonly socket: DatagramSocket;
  ended(session: DatagramSession): void;
}

/**
 * What one client and one target send each other by UDP: a socket of its own for the target, so that answers find the
 * client, until nothing has moved for the listener's idle time. It has a place at the listener, which it gives back.
 */
export class DatagramSession implements Session, DatagramHandler {
  previous: Session | null = null;
  next: Session | null = null;
  readonly peer: DatagramPeer;
  readonly #worker: WorkerContext;
  readonly #place: SessionPlace;
  readonly #client: Client;
  readonly #record: ConnectionRecord;
  #service: Service | null = null;
  #target: Target | null = null;
  #upstream: DatagramSocket | null = null;
  #visit: StickyVisit | null = null;
  #index = -1;
  /** In front of each datagram for the target; empty: nothing. */
  #header: Uint8Array = NOTHING;
  #timer: Timer | null = null;
  #movedAt: number;
  #over = false;

  constructor(worker: WorkerContext, place: SessionPlace, peer: DatagramPeer) {
    const { listener, local } = place;
    this.#worker = worker;
    this.#place = place;
    this.peer = peer;
    this.#movedAt = worker.reactor.now;
    this.#record = new ConnectionRecord(this.#movedAt);
    this.#client = new Client(listener.planned, {
      remoteAddress: peer.address,
      remotePort: peer.port,
      localAddress: local.address,
      localPort: local.port,
    });
    listener.cells[ListenerCell.connections]!++;
    listener.cells[ListenerCell.activeConnections]!++;
    listener.addSession(this);
  }

  /** Chooses a target and opens the way there. False: there is none, and the session is over. */
  open(): boolean {
    const { reactor } = this.#worker;
    const { listener, local } = this.#place;
    const { service } = listener;
    if (service?.sticky) {
      this.#visit = new StickyVisit(this.#worker);
      this.#visit.readConnection(service.sticky, this.#client.remoteAddress);
    }
    const { hash } = this.#client;
    let index = pickSticky(service, this.#visit, hash, -1, -1);
    if (service === null || index < 0) return this.#fail(EndReason.proxyRoute);
    if (!reserve(service.targets[index]!)) {
      index = service.pickWithRoom(hash, index, -1);
      // Datagrams do not wait: the client sends another one.
      if (index < 0 || !reserve(service.targets[index]!)) return this.#fail(EndReason.proxyQueueFull);
    }
    const target = service.targets[index]!;
    this.#service = service;
    this.#index = index;
    this.#target = target;
    this.#record.target = target.name;
    this.#record.attempts = 1;
    this.#record.connectedAt = reactor.now;
    target.begin();
    if (service.planned.proxyProtocol === 2) this.#header = composeV2(this.#client, null, true);
    const { address, port } = target.endpoint;
    const remote = { address, port: listener.planned.lastPort === undefined ? port : local.port };
    this.#upstream = reactor.openDatagrams({ local: null, remote, reusePort: false }, this);
    this.#timer = reactor.setTimer(listener.planned.idleTimeout, () => this.#look());
    return true;
  }

  /** Whether it goes on: not when its service is another one by now, nor with a target that is down while others are up. */
  get isCurrent(): boolean {
    const service = this.#place.listener.service;
    if (service === this.#service) return true;
    if (service === null || service.planned.id !== this.#service?.planned.id) return false;
    return this.#target?.isUp === true || !service.targets.some(({ isUp }) => isUp);
  }

  /** [start, end) of the datagram memory has come from the client. */
  fromClient(start: number, end: number): void {
    const { reactor } = this.#worker;
    const { cells } = this.#place.listener;
    this.#movedAt = reactor.now;
    this.#record.bytesReceived += end - start;
    cells[ListenerCell.datagramsReceived]!++;
    if (this.#target !== null) countRelayed(cells, this.#target.cells, true, end - start);
    const from = start - this.#header.length;
    if (from < start) reactor.datagramMemory.set(this.#header, from);
    if (this.#upstream?.send(from, end, null) !== true) cells[ListenerCell.datagramsLost]!++;
  }

  onOpen(): void {}

  onFailed(): void {
    const target = this.#target;
    if (target !== null) target.cells[TargetCell.connectErrors]!++;
    this.end(EndReason.proxyConnect);
  }

  onDatagram(_socket: DatagramSocket, _from: DatagramPeer, start: number, end: number): void {
    const { cells } = this.#place.listener;
    this.#movedAt = this.#worker.reactor.now;
    this.#record.bytesSent += end - start;
    if (this.#target !== null) countRelayed(cells, this.#target.cells, false, end - start);
    if (this.#place.listener.pacer?.takeDatagram(end - start) === false) {
      cells[ListenerCell.limits + Limit.bandwidth]!++;
      cells[ListenerCell.datagramsLost]!++;
    } else if (this.#place.socket.send(start, end, this.peer)) cells[ListenerCell.datagramsSent]!++;
    else cells[ListenerCell.datagramsLost]!++;
  }

  /** Nobody listens there, as the target says, or there is no way: the client's next datagram begins a new session. */
  onError(): void {
    const target = this.#target;
    if (target !== null) {
      target.cells[TargetCell.connectErrors]!++;
      target.watch?.connectFailed();
    }
    this.end(EndReason.targetConnect);
  }

  /** The sockets of the listener close, so nothing could be answered any more. */
  drain(): void {
    this.end(EndReason.proxyTunnel);
  }

  cut(): void {
    this.end(EndReason.proxyTunnel);
  }

  cutFrom(target: Target): void {
    if (this.#target === target) this.cut();
  }

  /** Counts and logs; afterwards it does nothing. */
  end(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    const { listener, logged } = this.#place;
    const record = this.#record;
    const sticky = this.#service?.sticky ?? null;
    if (sticky !== null) this.#visit?.touch(sticky, this.#index);
    this.#timer?.cancel();
    this.#upstream?.close();
    const target = this.#target;
    this.#target = null;
    if (target !== null) {
      target.closeConnection();
      target.finish();
    }
    record.reason = reason;
    const { cells } = listener;
    cells[ListenerCell.activeConnections]!--;
    cells[ListenerCell.reasons + reason]!++;
    countDuration(cells, this.#worker.reactor.now - record.startedAt);
    if (listener.planned.accessLog) this.#worker.log.connection(logged, this.#client, record);
    listener.leave();
    listener.removeSession(this);
    this.#place.ended(this);
  }

  /** Silence is how UDP ends: nobody is to blame for it. */
  #look(): void {
    const { reactor } = this.#worker;
    const left = this.#movedAt + this.#place.listener.planned.idleTimeout - reactor.now;
    if (left <= 0) {
      this.#timer = null;
      this.end(EndReason.none);
    } else {
      this.#timer = reactor.setTimer(left, () => this.#look());
    }
  }

  #fail(reason: EndReason): false {
    this.#place.listener.cells[ListenerCell.datagramsLost]!++;
    this.end(reason);
    return false;
  }
}

const NOTHING = new Uint8Array(0);

/** Takes a place for the session and its socket. */
function reserve(target: Target): boolean {
  if (!target.reserve()) return false;
  if (target.openConnection()) return true;
  target.giveBack();
  return false;
}
