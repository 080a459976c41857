import { HEADROOM, RECEIVE_SIZE } from '../arena.ts';
import { closedReason } from '../closed-reason.ts';
import { errorName } from '../ffi/libc.ts';
import { finish, localEndpoint, remoteEndpoint, resetOnClose } from '../ffi/sockets.ts';
import type { ConnectionHandler, Endpoint } from '../reactor.ts';
import { StreamConnection } from '../stream-connection.ts';
import { IORING_CQE_BUFFER_SHIFT, IORING_CQE_F_BUFFER, IORING_CQE_F_MORE } from './abi.ts';
import type { UringContext } from './context.ts';
import { EAGAIN, ECANCELED, EINTR, ENOBUFS } from './errno.ts';
import { Kind } from './operations.ts';
import { GATHER } from './submission-scratch.ts';

/** What the kernel does for us on the receiving side. */
const Receiving = {
  nothing: 0,
  /** Multishot: cheap while requests and responses are small. */
  many: 1,
  /** One receive at a time: for bodies, so that not asking again is all it takes to stop. */
  once: 2,
  /** A cancel is on its way. */
  cancelling: 3,
} as const;
type Receiving = (typeof Receiving)[keyof typeof Receiving];

/** After this many short receives in a row, a connection that received a body is back to multishot. */
const CALM = 4;

/**
 * A connection whose bytes io_uring moves. Its slot, by which completions find it, is used again only when none of its
 * operations is in flight.
 *
 * Invariant: inFlight = (receiving is not nothing) + (sending > 0) + (a connect is pending).
 */
export class UringConnection extends StreamConnection {
  readonly #context: UringContext;
  readonly #slot: number;
  readonly #descriptor: number;
  #receiving: Receiving = Receiving.nothing;
  #inFlight = 0;
  #starved = false;
  /** The next receives are single ones. */
  #bulk = false;
  #calm = 0;

  /** With a `remote`, the connection has yet to be made. Without a descriptor (-1), it fails. */
  constructor(context: UringContext, descriptor: number, handler: ConnectionHandler, remote: Endpoint | null) {
    super(context, handler, remote);
    this.#context = context;
    this.#descriptor = descriptor;
    this.#slot = context.slots.add(this);
  }

  /** Begins to connect; the address has been written to where the kernel can read it. */
  startConnect(sockaddr: number, size: number): void {
    this.#inFlight++;
    this.#context.operations.connect(this.#slot, this.#descriptor, sockaddr, size);
  }

  /** Ends before anything was tried. */
  failConnect(code: string): void {
    this.finishWith(closedReason(code));
  }

  /** There are buffers to receive into again. */
  fed(): void {
    this.#starved = false;
    this.unsettle();
  }

  /** Gives the descriptor up without telling anybody. */
  drop(): void {
    if (!this.isEnding && this.#descriptor >= 0) this.#context.operations.close(this.#descriptor);
  }

  connectCompleted(result: number): void {
    this.#inFlight--;
    if (this.isEnding) this.unsettle();
    else if (result < 0) this.finishWith(closedReason(errorName(-result)));
    else this.connected();
  }

  receiveCompleted(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#receiving = Receiving.nothing;
      this.#inFlight--;
      this.unsettle();
    }
    if ((flags & IORING_CQE_F_BUFFER) !== 0) this.#takeBuffers(flags >>> IORING_CQE_BUFFER_SHIFT, Math.max(result, 0));
    if (result > 0) return;
    if (result === 0) this.peerHasEnded();
    else if (result === -ENOBUFS) this.#starve();
    else if (result !== -ECANCELED && result !== -EINTR && result !== -EAGAIN) {
      this.receiveFailed(closedReason(errorName(-result)));
    }
  }

  sendCompleted(result: number): void {
    this.#inFlight--;
    if (result >= 0) this.sent(result);
    else if (result === -EINTR || result === -EAGAIN) this.sent(0);
    else this.sendFailed(closedReason(errorName(-result)));
  }

  protected sendQueued(): void {
    const { operations, arena, scratch } = this.#context;
    const count = Math.min(this.queue.length, GATHER);
    this.sending = count;
    this.#inFlight++;
    if (count === 1) {
      const start = this.queue.start(0);
      operations.send(this.#slot, this.#descriptor, arena.address + start, this.queue.end(0) - start);
    } else {
      const message = scratch.message(this.queue, count, arena.address);
      operations.sendMessage(this.#slot, this.#descriptor, message);
    }
  }

  /** A multishot receive goes on during a pause until it brings something: most pauses end before that. */
  protected adjustReceiving(wanted: boolean, kept: boolean): void {
    if (this.#receiving === Receiving.nothing) {
      if (wanted && !this.#starved) this.#receive();
    } else if (this.#receiving === Receiving.many && kept) {
      this.#cancelReceiving();
    }
  }

  protected sendFin(): void {
    finish(this.#descriptor);
  }

  protected prepareReset(): void {
    resetOnClose(this.#descriptor);
  }

  /** Operations in flight hold the socket itself, not the descriptor, which may be closed at once. */
  protected giveUp(): void {
    const { operations } = this.#context;
    if (this.#receiving === Receiving.many || this.#receiving === Receiving.once) this.#cancelReceiving();
    if (this.sending > 0) operations.cancel(this.#slot, Kind.send);
    else if (this.#inFlight > 0 && this.#receiving === Receiving.nothing) operations.cancel(this.#slot, Kind.connect);
    if (this.#descriptor >= 0) operations.close(this.#descriptor);
  }

  protected isQuiet(): boolean {
    return this.#inFlight === 0;
  }

  protected forget(): void {
    this.#context.slots.remove(this.#slot);
    this.#context.descriptorFreed();
  }

  protected readRemote(): Endpoint {
    return remoteEndpoint(this.#descriptor);
  }

  protected readLocal(): Endpoint {
    return localEndpoint(this.#descriptor);
  }

  #takeBuffers(first: number, size: number): void {
    const { arena, provided } = this.#context;
    if (size >= RECEIVE_SIZE) this.#expectBody();
    else if (this.#bulk && ++this.#calm === CALM) this.#bulk = false;
    let buffer = first;
    for (let rest = size; ; rest -= RECEIVE_SIZE) {
      const last = rest <= RECEIVE_SIZE;
      const next = last ? -1 : provided.following(buffer);
      provided.take(buffer);
      const start = arena.base(buffer) + HEADROOM;
      if (size === 0) arena.release(buffer);
      else this.received(buffer, start, start + (last ? rest : RECEIVE_SIZE));
      if (last) return;
      buffer = next;
    }
  }

  #expectBody(): void {
    this.#calm = 0;
    this.#bulk = true;
    if (this.#receiving === Receiving.many) this.#cancelReceiving();
  }

  #receive(): void {
    const { operations, bundles } = this.#context;
    this.#inFlight++;
    if (!this.#bulk) {
      this.#receiving = Receiving.many;
      operations.receiveMany(this.#slot, this.#descriptor);
      return;
    }
    this.#receiving = Receiving.once;
    if (bundles) operations.receiveBundle(this.#slot, this.#descriptor);
    else operations.receiveOnce(this.#slot, this.#descriptor);
  }

  #cancelReceiving(): void {
    this.#receiving = Receiving.cancelling;
    this.#context.operations.cancel(this.#slot, Kind.receive);
  }

  #starve(): void {
    if (this.isEnding) return;
    this.#starved = true;
    this.#context.starve(this);
  }
}
