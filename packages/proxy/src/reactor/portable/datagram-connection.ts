import type { Socket } from 'node:dgram';
import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../arena.ts';
import { closedReason } from '../closed-reason.ts';
import { Closed, type ConnectionHandler, type Endpoint } from '../reactor.ts';
import { StreamConnection } from '../stream-connection.ts';
import type { PortableContext } from './context.ts';

/** Datagrams to and from one peer, over a `dgram.Socket` that is connected to it. */
export class DatagramConnection extends StreamConnection {
  readonly #context: PortableContext;
  readonly #socket: Socket;
  #closed = false;
  #receiving = false;

  constructor(context: PortableContext, socket: Socket, handler: ConnectionHandler, remote: Endpoint) {
    super(context, handler, remote);
    this.#context = context;
    this.#socket = socket;
    context.connections.add(this);
    socket.on('connect', () => {
      if (!this.isEnding) this.connected();
    });
    socket.on('message', (message: Buffer) => this.#take(message));
    socket.on('error', (error: NodeJS.ErrnoException) => this.receiveFailed(closedReason(error.code ?? '')));
    socket.on('close', () => {
      this.#closed = true;
      if (this.isEnding) this.unsettle();
      else this.finishWith(Closed.failed);
    });
    socket.connect(remote.port, remote.address);
  }

  protected sendQueued(): void {
    this.sending = 1;
    const [start, end] = [this.queue.start(0), this.queue.end(0)];
    this.#socket.send(this.#context.arena.memory.subarray(start, end), (error) => {
      if (error === null) this.sent(end - start);
      else this.sendFailed(closedReason((error as NodeJS.ErrnoException).code ?? ''), 0);
    });
  }

  protected adjustReceiving(wanted: boolean): void {
    this.#receiving = wanted;
  }

  /** Datagrams have no end. */
  protected sendFin(): void {}

  protected prepareReset(): void {}

  protected giveUp(): void {
    this.#socket.close();
  }

  protected isQuiet(): boolean {
    return this.#closed && this.sending === 0;
  }

  protected forget(): void {
    this.#context.connections.delete(this);
  }

  protected readRemote(): Endpoint {
    const { address, port } = this.#socket.remoteAddress();
    return { address, port };
  }

  protected readLocal(): Endpoint {
    const { address, port } = this.#socket.address();
    return { address, port };
  }

  /** What comes when nobody wants it, or when there is no buffer for it, is lost, as datagrams may be. */
  #take(message: Buffer): void {
    if (this.isEnding || !this.#receiving) return;
    if (message.length === 0) {
      this.peerHasEnded();
      return;
    }
    const { arena } = this.#context;
    const buffer = arena.acquireToReceive();
    if (buffer === NO_BUFFER) return;
    const start = arena.base(buffer) + HEADROOM;
    const size = message.copy(arena.memory, start, 0, RECEIVE_SIZE);
    this.received(buffer, start, start + size);
  }
}
