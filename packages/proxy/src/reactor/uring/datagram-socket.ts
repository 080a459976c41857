import {
  DATAGRAM_HEADROOM,
  DATAGRAMS_PER_TURN,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramPeer,
  type DatagramSocket,
} from '../datagram.ts';
import type { DatagramCalls } from '../ffi/datagram-calls.ts';
import { errorName } from '../ffi/libc.ts';
import { localEndpoint } from '../ffi/sockets.ts';
import type { Endpoint, ListenError, Unsettled } from '../reactor.ts';
import type { SockaddrPeer } from './datagram-peer.ts';
import { EAGAIN, EINTR } from './errno.ts';
import { Kind, type Operations } from './operations.ts';
import { DATAGRAM_TRACE, type Trace } from './remains.ts';
import type { Slots } from './slots.ts';

/** Errors that have come back for an earlier datagram, which the next call on its socket takes, whatever it does. */
const COME_BACK: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);

/** What datagram sockets share with their reactor. */
export interface DatagramContext {
  readonly calls: DatagramCalls;
  /** The sender of the datagram that is being delivered. */
  readonly peer: SockaddrPeer;
  readonly operations: Operations;
  readonly slots: Slots<UringDatagramSocket>;
  readonly trace: Trace;
  unsettle(item: Unsettled): void;
}

/**
 * A datagram socket: the ring says when there is something to read (a poll for each time, which answers at once while
 * something is there), and calls that do not wait read and send it. So no datagram keeps a buffer, however many sockets
 * there are.
 */
export class UringDatagramSocket implements DatagramSocket {
  local: Endpoint = { address: '', port: 0 };
  readonly #context: DatagramContext;
  readonly #handler: DatagramHandler;
  readonly #slot: number;
  readonly #descriptor: number;
  #error: ListenError | null = null;
  /** Come back, and not told yet; empty: none. */
  #cameBack = '';
  #announced = false;
  #closed = false;
  #polling = false;
  #forgotten = false;

  constructor(context: DatagramContext, options: DatagramOptions, handler: DatagramHandler) {
    this.#context = context;
    this.#handler = handler;
    const opened = context.calls.open(options);
    if ('descriptor' in opened) {
      this.#descriptor = opened.descriptor;
      this.local = localEndpoint(opened.descriptor);
    } else {
      this.#descriptor = -1;
      const { address, port } = options.local ?? options.remote ?? this.local;
      const { code, call } = opened;
      this.#error = { code, message: `${call} for ${address} port ${port} failed: ${code}` };
    }
    this.#slot = context.slots.add(this);
    if (this.#descriptor >= 0) context.trace.opened(DATAGRAM_TRACE + this.#slot, this.#descriptor);
    context.unsettle(this);
  }

  send(start: number, end: number, to: DatagramPeer | null): boolean {
    if (this.#closed || this.#descriptor < 0) return false;
    const { calls } = this.#context;
    const peer = to as SockaddrPeer | null;
    const error = calls.send(this.#descriptor, start, end, peer === null ? null : peer.bytes, peer?.size ?? 0);
    if (peer === null && COME_BACK.has(error)) {
      // Told behind the turn, as nobody who sends expects to hear of it within the call.
      this.#cameBack = error;
      this.#context.unsettle(this);
    }
    return error === '';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { operations } = this.#context;
    if (this.#polling) operations.cancel(this.#slot, Kind.poll);
    if (this.#descriptor >= 0) {
      operations.close(this.#descriptor);
      this.#context.trace.closed(DATAGRAM_TRACE + this.#slot);
    }
    this.#context.unsettle(this);
  }

  settle(): void {
    if (this.#closed) {
      this.#forget();
      return;
    }
    if (!this.#announced) this.#announce();
    const error = this.#cameBack;
    this.#cameBack = '';
    if (error !== '' && !this.#closed) this.#handler.onError(this, error);
  }

  #announce(): void {
    this.#announced = true;
    if (this.#error !== null) {
      this.close();
      this.#handler.onFailed(this, this.#error);
      return;
    }
    this.#handler.onOpen(this);
    if (!this.#closed) this.#poll();
  }

  /** Something is there to be read, an error perhaps. */
  pollCompleted(): void {
    this.#polling = false;
    if (this.#closed) {
      this.#context.unsettle(this);
      return;
    }
    this.#read();
    if (!this.#closed) this.#poll();
  }

  #read(): void {
    const { calls, peer } = this.#context;
    for (let i = 0; i < DATAGRAMS_PER_TURN && !this.#closed; i++) {
      const length = calls.receive(this.#descriptor);
      if (length === -EAGAIN) return;
      if (length === -EINTR) continue;
      if (length < 0) {
        this.#handler.onError(this, errorName(-length));
        continue;
      }
      peer.changed(peer.bytes[0] === 2 ? 16 : 28);
      this.#handler.onDatagram(this, peer, DATAGRAM_HEADROOM, DATAGRAM_HEADROOM + length);
    }
  }

  #poll(): void {
    this.#polling = true;
    this.#context.operations.poll(this.#slot, this.#descriptor);
  }

  /** Closes without a word. Returns how many operations have yet to end. */
  drop(): number {
    this.close();
    return this.#polling ? 1 : 0;
  }

  /** Gives the slot back once the kernel will report nothing more about it. */
  #forget(): void {
    if (this.#polling || this.#forgotten) return;
    this.#forgotten = true;
    this.#context.slots.remove(this.#slot);
  }
}
