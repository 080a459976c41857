import { localEndpoint, type Opened, openListening, setBlocking, stopListening } from '../ffi/sockets.ts';
import type { Endpoint, ListenError, ListenerHandler, ListeningSocket, ListenOptions } from '../reactor.ts';
import { UNHANDLED } from '../unhandled.ts';
import { IORING_CQE_F_MORE } from './abi.ts';
import { UringConnection } from './connection.ts';
import type { UringContext } from './context.ts';
import { EAGAIN, ECONNABORTED, EINTR, EPERM, EPROTO } from './errno.ts';
import { Kind } from './operations.ts';
import type { Slots } from './slots.ts';

/** Errors of the connection that would have been accepted. Others, such as EMFILE, would come again at once. */
const PASSING: ReadonlySet<number> = new Set([EAGAIN, ECONNABORTED, EINTR, EPERM, EPROTO]);

export interface ListeningContext extends UringContext {
  readonly listeners: Slots<UringListeningSocket>;
  /** Accepting has stopped for want of descriptors or memory: asks for `resumeAccepting` when there may be some. */
  park(socket: UringListeningSocket): void;
}

/** A listening socket with one multishot accept on it. */
export class UringListeningSocket implements ListeningSocket {
  endpoint: Endpoint;
  /** An accept is in flight. */
  accepting = false;
  readonly #context: ListeningContext;
  readonly #handler: ListenerHandler;
  readonly #slot: number;
  readonly #descriptor: number;
  /** The socket is somebody else's. */
  readonly #borrowed: boolean;
  #dropped = false;
  #error: ListenError | null = null;
  #announced = false;
  #closed = false;
  #forgotten = false;

  /** Opens the socket at once; the outcome is told at the end of the turn. */
  constructor(context: ListeningContext, options: ListenOptions, handler: ListenerHandler) {
    this.#context = context;
    this.#handler = handler;
    this.#borrowed = options.descriptor !== undefined;
    const opened: Opened =
      options.descriptor === undefined ? openListening(options) : { descriptor: options.descriptor };
    // Whoever has accepted from it before may have done so without waiting.
    if (this.#borrowed && 'descriptor' in opened) setBlocking(opened.descriptor, true);
    if ('descriptor' in opened) {
      this.#descriptor = opened.descriptor;
      this.endpoint = localEndpoint(opened.descriptor);
    } else {
      this.#descriptor = -1;
      this.endpoint = { address: options.address, port: options.port };
      const { code, call } = opened;
      this.#error = { code, message: `${call} for ${options.address} port ${options.port} failed: ${code}` };
    }
    this.#slot = context.listeners.add(this);
    context.unsettle(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#borrowed) {
      if (this.accepting) this.#context.operations.cancel(this.#slot, Kind.accept);
    } else if (this.#descriptor >= 0) {
      // Ends the accept that is in flight, too.
      stopListening(this.#descriptor);
      this.#context.operations.close(this.#descriptor);
    }
    this.#context.unsettle(this);
  }

  /** Closes, and tells nobody of what is still accepted. */
  drop(): void {
    this.#dropped = true;
    this.close();
  }

  settle(): void {
    if (this.#closed) {
      this.#forget();
      return;
    }
    if (this.#announced) return;
    this.#announced = true;
    if (this.#error === null) {
      this.#handler.onListening(this);
      if (!this.#closed) this.#accept();
    } else {
      this.#closed = true;
      this.#context.unsettle(this);
      this.#handler.onFailed(this, this.#error);
    }
  }

  acceptCompleted(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) this.accepting = false;
    if (result >= 0) this.#accepted(result);
    if (this.accepting) return;
    if (this.#closed) this.#context.unsettle(this);
    else if (result >= 0 || PASSING.has(-result)) this.#accept();
    else this.#context.park(this);
  }

  resumeAccepting(): void {
    if (!this.#closed && !this.accepting) this.#accept();
  }

  /** Gives the slot back once the kernel will report nothing more about it. */
  #forget(): void {
    if (this.accepting || this.#forgotten) return;
    this.#forgotten = true;
    this.#context.listeners.remove(this.#slot);
  }

  #accept(): void {
    this.accepting = true;
    this.#context.operations.accept(this.#slot, this.#descriptor);
  }

  #accepted(descriptor: number): void {
    if (this.#dropped || (this.#closed && !this.#borrowed)) {
      this.#context.operations.close(descriptor);
      return;
    }
    const connection = new UringConnection(this.#context, descriptor, UNHANDLED, null);
    this.#handler.onAccept(connection, this);
    if (connection.handler === UNHANDLED) connection.abort();
    connection.unsettle();
  }
}
