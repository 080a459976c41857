import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { Connection, ListenError, ListenerHandler, ListeningSocket, Reactor } from '../reactor/reactor.ts';

/** Connections that the kernel may hold for a socket before they are accepted; capped by net.core.somaxconn. */
const BACKLOG = 4096;

/**
 * The sockets of one listener: one per address, all or none. An address that stays in the set keeps its socket, whatever
 * else changes.
 */
export class ListeningSockets implements ListenerHandler {
  readonly #reactor: Reactor;
  readonly #listenerId: string;
  readonly #accept: (connection: Connection) => void;
  readonly #open = new Map<string, ListeningSocket>();
  #waiting: Opening | null = null;

  constructor(reactor: Reactor, listenerId: string, accept: (connection: Connection) => void) {
    this.#reactor = reactor;
    this.#listenerId = listenerId;
    this.#accept = accept;
  }

  /**
   * Makes `addresses` the set of addresses that are listened on. Calls back with null, or with why the new ones cannot
   * be opened; then the sockets are as they were before. One call at a time.
   */
  set(addresses: readonly string[], port: number, done: (refused: RefusedListener | null) => void): void {
    const added = addresses.filter((address) => !this.#open.has(address));
    const opening: Opening = {
      wanted: new Set(addresses),
      opened: new Map(),
      pending: added.length,
      refused: null,
      done,
    };
    if (added.length === 0) {
      this.#settle(opening);
      return;
    }
    this.#waiting = opening;
    for (const address of added) {
      opening.opened.set(address, this.#reactor.listen({ address, port, backlog: BACKLOG, reusePort: true }, this));
    }
  }

  close(): void {
    for (const socket of this.#open.values()) socket.close();
    this.#open.clear();
  }

  onListening(_socket: ListeningSocket): void {
    this.#answered(null);
  }

  onFailed(socket: ListeningSocket, error: ListenError): void {
    const opening = this.#waiting;
    if (opening === null) return;
    for (const [address, candidate] of opening.opened) if (candidate === socket) opening.opened.delete(address);
    this.#answered({ listenerId: this.#listenerId, code: refusalCode(error.code), detail: error.message });
  }

  onAccept(connection: Connection, _socket: ListeningSocket): void {
    this.#accept(connection);
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
    if (opening.refused !== null) {
      for (const socket of opening.opened.values()) socket.close();
    } else {
      for (const [address, socket] of opening.opened) this.#open.set(address, socket);
      for (const [address, socket] of this.#open) {
        if (opening.wanted.has(address)) continue;
        socket.close();
        this.#open.delete(address);
      }
    }
    opening.done(opening.refused);
  }
}

interface Opening {
  readonly wanted: ReadonlySet<string>;
  readonly opened: Map<string, ListeningSocket>;
  pending: number;
  refused: RefusedListener | null;
  readonly done: (refused: RefusedListener | null) => void;
}

/** The plan stream's word for a system error. */
export function refusalCode(systemCode: string): string {
  switch (systemCode) {
    case 'EADDRINUSE':
      return 'address-in-use';
    case 'EADDRNOTAVAIL':
      return 'address-not-available';
    case 'EACCES':
    case 'EPERM':
      return 'permission-denied';
    default:
      return 'failed';
  }
}
