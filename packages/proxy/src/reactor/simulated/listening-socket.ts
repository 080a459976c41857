import type { Endpoint, ListenerHandler, ListeningSocket, ListenOptions } from '../reactor.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';
import type { Socket } from './socket.ts';

/** A listening socket and the established connections that wait in its backlog. */
export class SimulatedListeningSocket implements ListeningSocket {
  endpoint: Endpoint;
  readonly options: ListenOptions;
  readonly handler: ListenerHandler;
  closed = false;
  readonly #reactor: SimulatedReactor;
  readonly #backlog: Socket[] = [];

  constructor(reactor: SimulatedReactor, options: ListenOptions, handler: ListenerHandler) {
    this.#reactor = reactor;
    this.options = options;
    this.handler = handler;
    this.endpoint = { address: options.address, port: options.port };
  }

  get full(): boolean {
    return this.#backlog.length >= Math.max(1, this.options.backlog);
  }

  enqueue(socket: Socket): void {
    this.#backlog.push(socket);
    this.#reactor.wakeListener();
  }

  get waiting(): number {
    return this.#backlog.length;
  }

  /** The connection that has waited longest; call only when one waits. */
  dequeue(): Socket {
    return this.#backlog.shift() as Socket;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#reactor.forgetListener(this);
    for (const socket of this.#backlog.splice(0)) socket.reset();
  }
}
