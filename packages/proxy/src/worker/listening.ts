import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { Connection, ListenError, ListenerHandler, ListeningSocket, Reactor } from '../reactor/reactor.ts';
import { refusalCode } from '../sockets/refusal.ts';

/** Connections that the kernel may hold for a socket before they are accepted; capped by net.core.somaxconn. */
const BACKLOG = 4096;

/** Something to accept from. */
export interface Place {
  readonly address: string;
  readonly port: number;
  /** A socket that listens there already; null: one is to be opened. */
  readonly descriptor: number | null;
}

/**
 * What one worker accepts from for one listener: all places of it or none. A place that stays in the set is accepted
 * from without a break, whatever else changes.
 */
export class ListeningSockets implements ListenerHandler {
  readonly #reactor: Reactor;
  readonly #listenerId: string;
  readonly #accept: (connection: Connection) => void;
  readonly #open = new Map<string, ListeningSocket>();
  #waiting: Opening | null = null;
  #closed = false;

  constructor(reactor: Reactor, listenerId: string, accept: (connection: Connection) => void) {
    this.#reactor = reactor;
    this.#listenerId = listenerId;
    this.#accept = accept;
  }

  /**
   * Makes `places` the set that is accepted from. Calls back with null, or with why the new ones cannot be opened; then
   * the set is as it was before. One call at a time.
   */
  set(places: readonly Place[], done: (refused: RefusedListener | null) => void): void {
    const wanted = new Map(places.map((place) => [keyOf(place), place]));
    const added = [...wanted].filter(([key]) => !this.#open.has(key));
    const opening: Opening = { wanted, opened: new Map(), pending: added.length, refused: null, done };
    if (added.length === 0) {
      this.#settle(opening);
      return;
    }
    this.#waiting = opening;
    for (const [key, { address, port, descriptor }] of added) {
      const options = { address, port, backlog: BACKLOG, reusePort: true };
      const given = descriptor === null ? options : { ...options, descriptor };
      opening.opened.set(key, this.#reactor.listen(given, this));
    }
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#open.values()) socket.close();
    this.#open.clear();
  }

  onListening(_socket: ListeningSocket): void {
    this.#answered(null);
  }

  onFailed(socket: ListeningSocket, error: ListenError): void {
    const opening = this.#waiting;
    if (opening === null) return;
    for (const [key, candidate] of opening.opened) if (candidate === socket) opening.opened.delete(key);
    this.#answered({ listenerId: this.#listenerId, code: refusalCode(error.code), detail: error.message });
  }

  onAccept(connection: Connection, _socket: ListeningSocket): void {
    // Accepted while the listener went: without a handler, it is closed.
    if (!this.#closed) this.#accept(connection);
  }

  #answered(refused: RefusedListener | null): void {
    const opening = this.#waiting;
    if (opening === null) return;
    opening.refused ??= refused;
    opening.pending--;
    if (opening.pending > 0) return;
    this.#waiting = null;
    this.#settle(opening);
  }

  #settle(opening: Opening): void {
    // The listener may have gone while they were opened.
    if (opening.refused !== null || this.#closed) {
      for (const socket of opening.opened.values()) socket.close();
    } else {
      for (const [key, socket] of opening.opened) this.#open.set(key, socket);
      for (const [key, socket] of this.#open) {
        if (opening.wanted.has(key)) continue;
        socket.close();
        this.#open.delete(key);
      }
    }
    opening.done(opening.refused);
  }
}

interface Opening {
  readonly wanted: ReadonlyMap<string, Place>;
  readonly opened: Map<string, ListeningSocket>;
  pending: number;
  refused: RefusedListener | null;
  readonly done: (refused: RefusedListener | null) => void;
}

function keyOf({ address, port, descriptor }: Place): string {
  return descriptor === null ? `${address} ${port}` : `${address} ${port} ${descriptor}`;
}
