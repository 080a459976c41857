import { LARGE_SIZE, RECEIVE_SIZE } from '../arena.ts';
import { SOCK_CLOEXEC } from '../ffi/sockets.ts';
import {
  IORING_ACCEPT_MULTISHOT,
  IORING_OP_ACCEPT,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_CLOSE,
  IORING_OP_CONNECT,
  IORING_OP_POLL_ADD,
  IORING_OP_READ,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_OP_SENDMSG,
  IORING_RECV_MULTISHOT,
  IOSQE_BUFFER_SELECT,
  IOSQE_CQE_SKIP_SUCCESS,
  MSG_NOSIGNAL,
  MSG_WAITALL,
} from './abi.ts';
import { LARGE_GROUP, ORDINARY_GROUP } from './receive-buffers.ts';
import type { Ring } from './ring.ts';

/** What a completion is about: the upper word of its user data. The lower word is the slot of the socket. */
export const Kind = {
  /** Of cancelling and closing; nobody waits for these. */
  none: 0,
  accept: 1,
  receive: 2,
  send: 3,
  connect: 4,
  wake: 5,
  poll: 6,
  disconnect: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Waits for the whole range, and a dead peer is an error, not a signal. */
const SEND_FLAGS = MSG_NOSIGNAL | MSG_WAITALL;

/** As `poll(2)` has it. */
const POLLIN = 1;

/** Bytes that may arrive between a pause and its effect, beside what arrives in the turn of the pause. */
const RECEIVE_LIMIT = 4 * RECEIVE_SIZE;

const RECEIVE_ONCE = IORING_OP_RECV | (IOSQE_BUFFER_SELECT << 8);
const RECEIVE_MANY = RECEIVE_ONCE | (IORING_RECV_MULTISHOT << 16);

/** Writes submission entries. Nothing is handed to the kernel here unless the ring is full. */
export class Operations {
  readonly #ring: Ring;
  readonly #limits: boolean;

  /** `limits`: multishot receives can be limited, see `receiveLimits`. */
  constructor(ring: Ring, limits: boolean) {
    this.#ring = ring;
    this.#limits = limits;
  }

  accept(slot: number, descriptor: number): void {
    this.#write(IORING_OP_ACCEPT | (IORING_ACCEPT_MULTISHOT << 16), descriptor, 0, 0, SOCK_CLOEXEC, slot, Kind.accept);
  }

  /**
   * Receives into provided buffers. Where the kernel can be told where to stop, this is a multishot: one completion for
   * each buffer, until RECEIVE_LIMIT bytes have come. Elsewhere it is a single receive into one buffer, as a multishot
   * without limit would fill whatever buffers there are before it could be stopped.
   */
  receive(slot: number, descriptor: number): void {
    if (this.#limits) this.#write(RECEIVE_MANY, descriptor, 0, 0, 0, slot, Kind.receive, ORDINARY_GROUP, RECEIVE_LIMIT);
    else this.#write(RECEIVE_ONCE, descriptor, 0, RECEIVE_SIZE, 0, slot, Kind.receive, ORDINARY_GROUP);
  }

  /** Receives once, into a large buffer. */
  receiveLarge(slot: number, descriptor: number): void {
    this.#write(RECEIVE_ONCE, descriptor, 0, LARGE_SIZE, 0, slot, Kind.receive, LARGE_GROUP);
  }

  send(slot: number, descriptor: number, address: number, size: number): void {
    this.#write(IORING_OP_SEND, descriptor, address, size, SEND_FLAGS, slot, Kind.send);
  }

  /** Sends what a struct msghdr lists. */
  sendMessage(slot: number, descriptor: number, message: number): void {
    this.#write(IORING_OP_SENDMSG, descriptor, message, 1, SEND_FLAGS, slot, Kind.send);
  }

  connect(slot: number, descriptor: number, sockaddr: number, size: number): void {
    const index = this.#write(IORING_OP_CONNECT, descriptor, sockaddr, 0, 0, slot, Kind.connect);
    this.#ring.submissions[index + 2] = size;
  }

  /** Gives up a connection and keeps its socket; `nowhere` is a sockaddr of AF_UNSPEC. The peer sees a reset. */
  disconnect(slot: number, descriptor: number, nowhere: number, size: number): void {
    const index = this.#write(IORING_OP_CONNECT, descriptor, nowhere, 0, 0, slot, Kind.disconnect);
    this.#ring.submissions[index + 2] = size;
  }

  read(slot: number, descriptor: number, address: number, size: number): void {
    this.#write(IORING_OP_READ, descriptor, address, size, 0, slot, Kind.wake);
  }

  /** Completes once there is something to read, an error included: at once when there is already. */
  poll(slot: number, descriptor: number): void {
    this.#write(IORING_OP_POLL_ADD, descriptor, 0, 0, POLLIN, slot, Kind.poll);
  }

  /** Cancels one operation; it completes, with ECANCELED if it was still waiting. */
  cancel(slot: number, kind: Kind): void {
    const index = this.#write(IORING_OP_ASYNC_CANCEL | (IOSQE_CQE_SKIP_SUCCESS << 8), -1, 0, 0, 0, 0, Kind.none);
    this.#ring.submissions[index + 4] = slot;
    this.#ring.submissions[index + 5] = kind;
  }

  close(descriptor: number): void {
    this.#write(IORING_OP_CLOSE | (IOSQE_CQE_SKIP_SUCCESS << 8), descriptor, 0, 0, 0, 0, Kind.none);
  }

  /** `operation`: opcode, entry flags in bits 8–15, operation flags (ioprio) above. Returns the entry's index. */
  #write(
    operation: number,
    descriptor: number,
    address: number,
    size: number,
    flags: number,
    slot: number,
    kind: Kind,
    bufferGroup = 0,
    limit = 0,
  ): number {
    const index = this.#ring.next();
    const words = this.#ring.submissions;
    words[index] = operation;
    words[index + 1] = descriptor;
    words[index + 2] = 0;
    words[index + 3] = 0;
    words[index + 4] = address;
    words[index + 5] = address / 4294967296;
    words[index + 6] = size;
    words[index + 7] = flags;
    words[index + 8] = slot;
    words[index + 9] = kind;
    words[index + 10] = bufferGroup;
    words[index + 11] = limit;
    words[index + 12] = 0;
    words[index + 13] = 0;
    return index;
  }
}
