import { HEADROOM, RECEIVE_SIZE } from '../arena.ts';
import { closedReason } from '../closed-reason.ts';
import { errorName } from '../ffi/libc.ts';
import { acknowledge, finish, localEndpoint, remoteEndpoint, resetOnClose } from '../ffi/sockets.ts';
import { arrivalOn, roundTripOf } from '../ffi/tcp-info.ts';
import type { Arrival, ConnectionHandler, Endpoint } from '../reactor.ts';
import { StreamConnection } from '../stream-connection.ts';
import { IORING_CQE_BUFFER_SHIFT, IORING_CQE_F_BUFFER, IORING_CQE_F_MORE } from './abi.ts';
import type { UringContext } from './context.ts';
import { EAGAIN, ECANCELED, EINTR, ENOBUFS } from './errno.ts';
import { Kind } from './operations.ts';
import type { SpareSockets } from './spare-sockets.ts';
import { GATHER } from './submission-scratch.ts';

/**
 * A reader that takes longer than this for what it was sent, in milliseconds, is slow: what is meant for it is received
 * in ordinary buffers, so that little of it waits here.
 */
const SLOW = 50;

/**
 * Large receives that a full one is good for: one may bring only the end of a message, and the next is about as long.
 */
const PLENTY = 2;

/** What giving up a connection does with its socket. */
const Fate = {
  close: 0,
  /** The connection is given up, the socket not. */
  disconnect: 1,
  /** It is not connected any more, and a spare one when nothing is in flight. */
  spare: 2,
} as const;
type Fate = (typeof Fate)[keyof typeof Fate];

/**
 * A connection whose bytes io_uring moves. Its slot, by which completions find it, is used again only when none of its
 * operations is in flight.
 *
 * Invariant: inFlight = receiving + (sending > 0) + connectPending + (a disconnect is under way).
 */
export class UringConnection extends StreamConnection {
  readonly #context: UringContext;
  readonly #slot: number;
  readonly #descriptor: number;
  /** This end has opened the connection. */
  readonly #dialed: boolean;
  /** A receive is in flight. */
  #receiving = false;
  #connectPending = false;
  readonly #spares: SpareSockets | null;
  /** What becomes of the socket: it is closed, or disconnected, and then kept once nothing is in flight. */
  #fate: Fate = Fate.close;
  #inFlight = 0;
  #starved = false;
  /** What is received, or was last, is received into a large buffer. */
  #large = false;
  /** Receives that may go into large buffers; a full one renews it, as there is probably more where it came from. */
  #plenty = 0;
  /** Since when nothing more is wanted; 0 while something is. */
  #heldSince = 0;

  /**
   * With a `remote`, the connection has yet to be made. Without a descriptor (-1), it fails. `spares`: where the socket
   * may go when the connection is aborted; null: it is closed then.
   */
  constructor(
    context: UringContext,
    descriptor: number,
    handler: ConnectionHandler,
    remote: Endpoint | null,
    spares: SpareSockets | null = null,
  ) {
    super(context, handler, remote);
    this.#spares = spares;
    this.#context = context;
    this.#descriptor = descriptor;
    this.#dialed = remote !== null;
    this.#slot = context.slots.add(this);
    context.trace.opened(this.#slot, descriptor);
  }

  /** Begins to connect; the address has been written to where the kernel can read it. */
  startConnect(sockaddr: number, size: number): void {
    this.#connectPending = true;
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

  /** Gives everything up without telling anybody. Returns how many operations have yet to report that they have ended. */
  drop(): number {
    if (!this.isEnding) this.giveUp();
    else if (this.#fate !== Fate.close) this.#context.operations.close(this.#descriptor);
    return this.#inFlight;
  }

  connectCompleted(result: number): void {
    this.#connectPending = false;
    this.#inFlight--;
    if (this.isEnding) this.unsettle();
    else if (result < 0) this.finishWith(closedReason(errorName(-result)));
    else {
      this.connected();
      const isSilent = this.queue.length === 0 && !this.isEnding;
      if (isSilent && this.#spares?.enabled === true) acknowledge(this.#descriptor);
    }
  }

  disconnectCompleted(result: number): void {
    this.#inFlight--;
    if (result === 0) this.#fate = Fate.spare;
    else this.#close();
    this.unsettle();
  }

  receiveCompleted(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#receiving = false;
      this.#inFlight--;
      this.unsettle();
    }
    if ((flags & IORING_CQE_F_BUFFER) !== 0) this.#bufferFilled(flags >>> IORING_CQE_BUFFER_SHIFT, result);
    if (result >= RECEIVE_SIZE) this.#plenty = PLENTY;
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
    else this.sendFailed(closedReason(errorName(-result)), 0);
  }

  protected sendQueued(most: number): void {
    const { operations, arena, scratch } = this.#context;
    const count = this.queue.within(GATHER, most);
    this.sending = count;
    this.#inFlight++;
    if (count === 1) {
      const start = this.queue.start(0);
      const size = Math.min(this.queue.end(0) - start, most);
      operations.send(this.#slot, this.#descriptor, arena.address + start, size);
    } else {
      const message = scratch.message(this.queue, count, arena.address);
      operations.sendMessage(this.#slot, this.#descriptor, message);
    }
  }

  /** A receive that is in flight goes on during a pause: it is bounded, and most pauses end before it brings something. */
  protected adjustReceiving(wanted: boolean): void {
    if (this.#receiving || this.#starved) return;
    const { buffers, clock, operations } = this.#context;
    if (!wanted) {
      if (this.#heldSince === 0) this.#heldSince = clock.now;
      return;
    }
    if (this.#heldSince > 0) {
      if (clock.now - this.#heldSince > SLOW) this.#plenty = 0;
      this.#heldSince = 0;
    }
    this.#receiving = true;
    this.#inFlight++;
    this.#large = this.#plenty > 0 && this.largeReceives && buffers.largeWaiting > 0;
    if (this.#plenty > 0) this.#plenty--;
    if (this.#large) operations.receiveLarge(this.#slot, this.#descriptor);
    else operations.receive(this.#slot, this.#descriptor);
  }

  protected sendFin(): void {
    finish(this.#descriptor);
  }

  protected prepareReset(): void {
    const spared = this.#spares?.hasRoom === true && this.sending === 0 && !this.#connectPending;
    if (spared) this.#fate = Fate.disconnect;
    else resetOnClose(this.#descriptor);
  }

  /** Operations in flight hold the socket itself, not the descriptor, which may be closed at once. */
  protected giveUp(): void {
    const { operations } = this.#context;
    if (this.#connectPending) operations.cancel(this.#slot, Kind.connect);
    if (this.#receiving) operations.cancel(this.#slot, Kind.receive);
    if (this.sending > 0) operations.cancel(this.#slot, Kind.send);
    if (this.#fate === Fate.disconnect) this.#disconnect();
    else if (this.#descriptor >= 0) operations.close(this.#descriptor);
    this.#context.trace.closed(this.#slot);
  }

  #disconnect(): void {
    const { nowhere, nowhereSize } = this.#spares as SpareSockets;
    this.#inFlight++;
    this.#context.operations.disconnect(this.#slot, this.#descriptor, nowhere, nowhereSize);
  }

  /** The socket could not be disconnected. */
  #close(): void {
    this.#fate = Fate.close;
    resetOnClose(this.#descriptor);
    this.#context.operations.close(this.#descriptor);
  }

  protected isQuiet(): boolean {
    return this.#inFlight === 0;
  }

  protected forget(): void {
    this.#context.slots.remove(this.#slot);
    if (this.#fate === Fate.spare) this.#spares?.put(this.#descriptor);
    this.#context.descriptorFreed();
  }

  override roundTrip(): number {
    return this.isEnding ? -1 : roundTripOf(this.#descriptor);
  }

  protected override askArrival(mark: number, peerEnded: boolean): Arrival {
    return arrivalOn(this.#descriptor, this.#dialed, mark, peerEnded);
  }

  protected readRemote(): Endpoint {
    return remoteEndpoint(this.#descriptor);
  }

  protected readLocal(): Endpoint {
    return localEndpoint(this.#descriptor);
  }

  #bufferFilled(buffer: number, size: number): void {
    const { arena, buffers } = this.#context;
    buffers.take(buffer);
    const start = arena.base(buffer) + HEADROOM;
    if (size > 0) this.received(buffer, start, start + size);
    else arena.release(buffer);
  }

  /** Large buffers are no necessity; the connection has unsettled itself and receives into ordinary ones next. */
  #starve(): void {
    if (this.isEnding || this.#large) return;
    this.#starved = true;
    this.#context.starve(this);
  }
}
