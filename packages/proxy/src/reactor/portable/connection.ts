import type { Socket } from 'node:net';
import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../arena.ts';
import { closedReason } from '../closed-reason.ts';
import { resetOnClose } from '../ffi/sockets.ts';
import { arrivalOn } from '../ffi/tcp-info.ts';
import { Arrival, Closed, type ConnectionHandler, type Endpoint } from '../reactor.ts';
import { StreamConnection } from '../stream-connection.ts';
import type { PortableContext } from './context.ts';
import { descriptorOf } from './descriptor.ts';
import { surviveFailedWrites } from './failed-writes.ts';

/** Ranges that are handed to the socket at once. */
const GATHER = 16;

/** A connection over a `net.Socket` with half-open connections allowed. */
export class PortableConnection extends StreamConnection {
  readonly #context: PortableContext;
  readonly #socket: Socket;
  /** This end has opened the connection. */
  readonly #dialed: boolean;
  #closed = false;
  #resetting = false;
  /** Why nothing more can be written. */
  #writeFailure: Closed | null = null;
  /** Received, but there was no buffer to copy it into. */
  #rest: Buffer | null = null;

  /** With a `remote`, the connection has yet to be made: `socket` is connecting. */
  constructor(context: PortableContext, socket: Socket, handler: ConnectionHandler, remote: Endpoint | null) {
    super(context, handler, remote);
    this.#context = context;
    this.#socket = socket;
    this.#dialed = remote !== null;
    context.connections.add(this);
    surviveFailedWrites(socket, (error) => {
      this.#writeFailure ??= closedReason(error.code ?? '');
    });
    socket.on('connect', () => {
      if (!this.isEnding) this.connected();
    });
    socket.on('data', (chunk: Buffer) => this.#copy(chunk));
    socket.on('end', () => {
      if (!this.isEnding) this.peerHasEnded();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.receiveFailed(closedReason(error.code ?? '')));
    socket.on('close', () => {
      this.#closed = true;
      if (this.isEnding) this.unsettle();
      else this.finishWith(Closed.failed);
    });
    socket.pause();
  }

  /** Ends before anything was tried. */
  failConnect(code: string): void {
    this.finishWith(closedReason(code));
  }

  /** There are buffers to receive into again. */
  fed(): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null && !this.isEnding) this.#copy(rest);
    this.unsettle();
  }

  protected sendQueued(most: number): void {
    const { memory } = this.#context.arena;
    const count = this.queue.within(GATHER, most);
    this.sending = count;
    let size = 0;
    this.#socket.cork();
    for (let i = 0; i < count; i++) {
      const start = this.queue.start(i);
      const end = Math.min(this.queue.end(i), start + most);
      size += end - start;
      const range = memory.subarray(start, end);
      if (i < count - 1) this.#socket.write(range);
      else this.#socket.write(range, (error) => this.#written(size, error));
    }
    this.#socket.uncork();
  }

  protected adjustReceiving(wanted: boolean): void {
    if (wanted && this.#rest === null) this.#socket.resume();
    else this.#socket.pause();
  }

  protected sendFin(): void {
    this.#socket.end();
  }

  protected prepareReset(): void {
    this.#resetting = true;
  }

  protected giveUp(): void {
    this.#rest = null;
    // Not by `resetAndDestroy`: it waits for what is to be written yet, and never ends while a FIN is on its way.
    const descriptor = this.#resetting ? descriptorOf(this.#socket) : -1;
    if (descriptor >= 0) resetOnClose(descriptor);
    this.#socket.destroy();
  }

  protected isQuiet(): boolean {
    return this.#closed && this.sending === 0;
  }

  protected forget(): void {
    this.#context.connections.delete(this);
  }

  protected override askArrival(mark: number, peerEnded: boolean): Arrival {
    const descriptor = descriptorOf(this.#socket);
    // A write that failed has taken the error with it; see `arrivalBehind`.
    if (descriptor < 0 || this.#writeFailure !== null) return Arrival.unknown;
    return arrivalOn(descriptor, this.#dialed, mark, peerEnded);
  }

  protected readRemote(): Endpoint {
    return { address: this.#socket.remoteAddress ?? '', port: this.#socket.remotePort ?? 0 };
  }

  protected readLocal(): Endpoint {
    return { address: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 };
  }

  #written(size: number, error: (Error & { code?: string }) | null | undefined): void {
    // It is not told how much of it had been written.
    if (this.#writeFailure !== null) this.sendFailed(this.#writeFailure, size);
    else if (error) this.sendFailed(closedReason(error.code ?? ''), size);
    else this.sent(size);
  }

  /** Copies what has come into buffers of the arena, as far as there are some. */
  #copy(chunk: Buffer): void {
    const { arena } = this.#context;
    for (let at = 0; at < chunk.length && !this.isEnding; at += RECEIVE_SIZE) {
      const buffer = arena.acquireToReceive();
      if (buffer === NO_BUFFER) {
        this.#rest = chunk.subarray(at);
        this.#socket.pause();
        this.#context.starve(this);
        return;
      }
      const start = arena.base(buffer) + HEADROOM;
      const size = chunk.copy(arena.memory, start, at, at + RECEIVE_SIZE);
      this.received(buffer, start, start + size);
    }
  }
}
