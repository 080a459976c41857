import { EAGAIN } from '../uring/errno.ts';
import { errorName, lastError, recvmsg, sendmsg } from './libc.ts';
import { Mapping } from './mapping.ts';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** What the kernel lets one message carry (SCM_MAX_FD). */
export const DESCRIPTORS_PER_MESSAGE = 253;

/** struct msghdr, struct iovec, a label of two words, and struct cmsghdr with its descriptors, on one page. */
const IOVEC = 64;
const LABEL = 80;
const LABEL_SIZE = 8;
const CONTROL = 128;
const CONTROL_HEAD = 16;

/** What a message says besides its descriptors. */
export type Label = readonly [number, number];

export interface LabelledDescriptors {
  readonly label: Label;
  readonly descriptors: readonly number[];
}

/**
 * Messages with descriptors on Unix stream sockets (SCM_RIGHTS). A descriptor in a message that nobody has read yet keeps
 * its file open, whoever else closes it or dies. Nothing here waits.
 */
export class DescriptorMessages {
  readonly #page = Mapping.anonymous(4096);
  readonly #view = new DataView(this.#page.bytes);

  /** Returns null, or the system's name of the error: EAGAIN when the queue is full. */
  send(socket: number, { label, descriptors }: LabelledDescriptors): string | null {
    if (descriptors.length > DESCRIPTORS_PER_MESSAGE) throw new RangeError('too many descriptors for one message');
    const view = this.#view;
    for (const [i, word] of label.entries()) view.setUint32(LABEL + 4 * i, word, true);
    const size = CONTROL_HEAD + 4 * descriptors.length;
    this.#describe(descriptors.length === 0 ? 0 : size);
    view.setBigUint64(CONTROL, BigInt(size), true);
    view.setInt32(CONTROL + 8, SOL_SOCKET, true);
    view.setInt32(CONTROL + 12, SCM_RIGHTS, true);
    for (const [i, descriptor] of descriptors.entries())
      view.setInt32(CONTROL + CONTROL_HEAD + 4 * i, descriptor, true);
    const sent = sendmsg(socket, this.#page.address, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent === LABEL_SIZE ? null : errorName(lastError());
  }

  /** The next message, its descriptors now ours; null when there is none. Throws when the socket cannot be read. */
  receive(socket: number): LabelledDescriptors | null {
    const view = this.#view;
    this.#describe(CONTROL_HEAD + 4 * DESCRIPTORS_PER_MESSAGE);
    const received = recvmsg(socket, this.#page.address, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0 && lastError() === EAGAIN) return null;
    if (received !== LABEL_SIZE) throw new Error(`a message with sockets is not whole (${received} bytes)`);
    const label: Label = [view.getUint32(LABEL, true), view.getUint32(LABEL + 4, true)];
    const bytes = view.getUint32(40, true) === 0 ? 0 : view.getUint32(CONTROL, true) - CONTROL_HEAD;
    const at = (i: number) => view.getInt32(CONTROL + CONTROL_HEAD + 4 * i, true);
    return { label, descriptors: Array.from({ length: bytes >> 2 }, (_, i) => at(i)) };
  }

  #describe(controlSize: number): void {
    const view = this.#view;
    const { address } = this.#page;
    view.setBigUint64(0, 0n, true);
    view.setUint32(8, 0, true);
    view.setBigUint64(16, BigInt(address + IOVEC), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, BigInt(address + CONTROL), true);
    view.setBigUint64(40, BigInt(controlSize), true);
    view.setInt32(48, 0, true);
    view.setBigUint64(IOVEC, BigInt(address + LABEL), true);
    view.setBigUint64(IOVEC + 8, BigInt(LABEL_SIZE), true);
  }
}
