import { createServer, isIP, type Server, type Socket } from 'node:net';
import { duplicate } from '../ffi/sockets.ts';
import type { Endpoint, ListenerHandler, ListeningSocket, ListenOptions } from '../reactor.ts';
import { UNHANDLED } from '../unhandled.ts';
import { PortableConnection } from './connection.ts';
import type { PortableContext } from './context.ts';

export interface ListeningContext extends PortableContext {
  readonly listeners: Set<PortableListeningSocket>;
}

/** A listening socket over a `net.Server`. */
export class PortableListeningSocket implements ListeningSocket {
  endpoint: Endpoint;
  readonly #context: ListeningContext;
  readonly #handler: ListenerHandler;
  readonly #server: Server;
  #closed = false;

  constructor(context: ListeningContext, options: ListenOptions, handler: ListenerHandler) {
    const { address, port, backlog, reusePort, descriptor } = options;
    this.#context = context;
    this.#handler = handler;
    this.endpoint = { address, port };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    this.#server.on('connection', (socket) => this.#accepted(socket));
    this.#server.on('listening', () => this.#listening());
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? 'UNKNOWN', error.message));
    this.#server.on('close', () => context.listeners.delete(this));
    context.listeners.add(this);
    if (descriptor !== undefined) {
      this.#borrow(descriptor, backlog);
    } else if (isIP(address) === 0) {
      queueMicrotask(() => this.#failed('EINVAL', `listen for ${address} port ${port} failed: EINVAL`));
    } else {
      this.#server.listen({ host: address, port, backlog, reusePort, ipv6Only: true });
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
  }

  /** A server closes what it listens on, so it gets a descriptor of its own. */
  #borrow(descriptor: number, backlog: number): void {
    const copy = duplicate(descriptor);
    if ('descriptor' in copy) this.#server.listen({ fd: copy.descriptor, backlog });
    else queueMicrotask(() => this.#failed(copy.code, `${copy.call} for a listening socket failed: ${copy.code}`));
  }

  #listening(): void {
    if (this.#closed) return;
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.endpoint = { address: bound.address, port: bound.port };
    this.#handler.onListening(this);
  }

  #failed(code: string, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.listeners.delete(this);
    this.#handler.onFailed(this, { code, message });
  }

  #accepted(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const connection = new PortableConnection(this.#context, socket, UNHANDLED, null);
    this.#handler.onAccept(connection, this);
    if (connection.handler === UNHANDLED) connection.abort();
    connection.unsettle();
  }
}
