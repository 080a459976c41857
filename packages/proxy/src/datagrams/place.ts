import { limitOfConnection } from '../limits/admit.ts';
import { limitOfDatagram } from '../limits/admit-by-source.ts';
import { Limit, NO_LIMIT } from '../limits/limit.ts';
import { countRefused, verdictOn } from '../protection/admit-source.ts';
import { ADMITTED } from '../protection/refusal.ts';
import type { DatagramHandler, DatagramPeer, DatagramSocket } from '../reactor/datagram.ts';
import type { Endpoint, ListenError } from '../reactor/reactor.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import type { LoggedListener } from './logged-listener.ts';
import { DatagramSession, type SessionPlace } from './session.ts';
import type { SessionPlaces } from './session-places.ts';

/** One address and port where a worker receives datagrams for a listener, and the sessions of the clients there. */
export class DatagramPlace implements DatagramHandler, SessionPlace {
  readonly listener: Listener;
  readonly local: Endpoint;
  readonly socket: DatagramSocket;
  readonly #worker: WorkerContext;
  readonly #loggedAs: () => LoggedListener;
  readonly #places: SessionPlaces;
  readonly #sessions = new Map<number | string, DatagramSession>();
  #opened: ((error: ListenError | null) => void) | null;

  /** `places`: of the listener. `opened` is told once whether the socket could be bound. */
  constructor(
    worker: WorkerContext,
    listener: Listener,
    places: SessionPlaces,
    loggedAs: () => LoggedListener,
    local: Endpoint,
    opened: (error: ListenError | null) => void,
  ) {
    this.#worker = worker;
    this.listener = listener;
    this.#places = places;
    this.#loggedAs = loggedAs;
    this.local = local;
    this.#opened = opened;
    this.socket = worker.reactor.openDatagrams({ local, remote: null, reusePort: true }, this);
  }

  get logged(): LoggedListener {
    return this.#loggedAs();
  }

  close(): void {
    for (const session of [...this.#sessions.values()]) session.drain();
    this.socket.close();
  }

  ended(session: DatagramSession): void {
    this.#sessions.delete(session.peer.key);
    this.#places.giveBack();
  }

  onOpen(): void {
    this.#tell(null);
  }

  onFailed(_socket: DatagramSocket, error: ListenError): void {
    this.#tell(error);
  }

  onDatagram(_socket: DatagramSocket, from: DatagramPeer, start: number, end: number): void {
    let session = this.#sessions.get(from.key);
    if (this.listener.limits.sources !== null && !this.#isWithin(from.address, session === undefined)) return;
    if (session !== undefined && !session.isCurrent) {
      session.end(EndReason.targetTunnel);
      session = undefined;
    }
    (session ?? this.#begin(from))?.fromClient(start, end);
  }

  /** Errors of sockets with many peers are of no session that could be found. */
  onError(): void {}

  /** A session for a new client; null: there is none to be had, and the datagram is lost. */
  #begin(from: DatagramPeer): DatagramSession | null {
    const { listener } = this;
    const verdict = listener.gate === null ? ADMITTED : verdictOn(listener, 'udp', this.#endsOf(from));
    if (verdict !== ADMITTED) {
      countRefused(listener, verdict);
      listener.cells[ListenerCell.datagramsLost]!++;
      return null;
    }
    const limit = this.#places.hasRoom ? limitOfConnection(this.#worker, listener) : Limit.udpSessions;
    if (limit !== NO_LIMIT) {
      listener.cells[ListenerCell.reasons + EndReason.proxyAccept]!++;
      listener.cells[ListenerCell.limits + limit]!++;
      listener.cells[ListenerCell.datagramsLost]!++;
      return null;
    }
    this.#places.take();
    const session = new DatagramSession(this.#worker, this, from.keep());
    this.#sessions.set(session.peer.key, session);
    return session.open() ? session : null;
  }

  /** Asked of listeners that limit sources. False: the datagram is lost. */
  #isWithin(address: string, begins: boolean): boolean {
    const limit = limitOfDatagram(this.#worker, this.listener, address, begins);
    if (limit === NO_LIMIT) return true;
    const { cells } = this.listener;
    if (begins) cells[ListenerCell.reasons + EndReason.proxyAccept]!++;
    cells[ListenerCell.limits + limit]!++;
    cells[ListenerCell.datagramsLost]!++;
    return false;
  }

  #endsOf({ address }: DatagramPeer) {
    return { remoteAddress: address, localAddress: this.local.address, localPort: this.local.port };
  }

  #tell(error: ListenError | null): void {
    const opened = this.#opened;
    this.#opened = null;
    opened?.(error);
  }
}
