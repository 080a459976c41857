import { Mapping } from '../ffi/mapping.ts';
import { SOCKADDR_SIZE, writeSockaddr } from '../ffi/sockaddr.ts';
import type { RangeQueue } from '../range-queue.ts';
import type { Endpoint } from '../reactor.ts';
import type { Ring } from './ring.ts';

const SIZE = 64 * 1024;
/** struct msghdr on 64-bit systems, rounded up to keep the vector behind it aligned. */
const MSGHDR_SIZE = 64;
const IOVEC_SIZE = 16;

/** Ranges that one send gathers at most. */
export const GATHER = 16;

/**
 * Memory for arguments that the kernel reads when it takes a submission (it copies them then: SUBMIT_STABLE).
 * Handed out front to back; all of it is free again after each submission.
 */
export class SubmissionScratch {
  readonly #ring: Ring;
  readonly #mapping = Mapping.anonymous(SIZE);
  readonly #view = new DataView(this.#mapping.bytes);
  readonly #words = new Int32Array(this.#mapping.bytes);
  #used = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
    ring.onSubmitted = () => {
      this.#used = 0;
    };
  }

  /** Address of a sockaddr for `remote`; `size` is set to its size, 0 when the address is no literal. */
  sockaddr(remote: Endpoint): { address: number; size: number } {
    const offset = this.#take(SOCKADDR_SIZE);
    const address = this.#mapping.address + offset;
    return { address, size: writeSockaddr(this.#view, offset, address, remote) };
  }

  /** Address of a msghdr that lists the first `count` (<= GATHER) ranges of a queue; `base` is the arena's address. */
  message(queue: RangeQueue, count: number, base: number): number {
    const offset = this.#take(MSGHDR_SIZE + count * IOVEC_SIZE);
    const words = this.#words;
    const message = this.#mapping.address + offset;
    const vector = message + MSGHDR_SIZE;
    const header = offset >> 2;
    for (let i = 0; i < 14; i++) words[header + i] = 0;
    words[header + 4] = vector;
    words[header + 5] = vector / 4294967296;
    words[header + 6] = count;
    let at = (offset + MSGHDR_SIZE) >> 2;
    for (let i = 0; i < count; i++) {
      const start = queue.start(i);
      const address = base + start;
      words[at] = address;
      words[at + 1] = address / 4294967296;
      words[at + 2] = queue.end(i) - start;
      words[at + 3] = 0;
      at += 4;
    }
    return message;
  }

  #take(size: number): number {
    // The entry that will point here must not find the submission ring full: submitting would free this memory.
    if (this.#used + size > SIZE) this.#ring.submit();
    else this.#ring.ensureRoom();
    const offset = this.#used;
    this.#used = offset + size;
    return offset;
  }
}
