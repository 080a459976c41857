import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../arena.ts';
import { SystemError } from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import type { MappedArena } from '../mapped-arena.ts';
import { IORING_REGISTER_PBUF_RING } from './abi.ts';
import type { Ring } from './ring.ts';

/** The kernel's name for our only group of buffers. */
export const BUFFER_GROUP = 1;

/** Index of the tail in the ring's 16-bit words: it overlaps the reserved field of the first entry. */
const TAIL = 7;

/**
 * The most buffers that wait for the kernel. The kernel goes round them all, so each is cold again by its turn unless
 * they fit into the second-level cache together; a turn that needs more gets them with the next refill.
 */
const MAX_ENTRIES = 64;

/**
 * The ring of buffers that the kernel receives into. Entries name arena buffers by their number and point behind the
 * headroom. The kernel takes them in order, and reports each with the completion of the receive that filled it.
 *
 * Invariant: 0 <= waiting <= entries, where waiting is what is lent and has not been reported.
 */
export class ProvidedBuffers {
  readonly #arena: MappedArena;
  readonly #entries: number;
  readonly #reserve: number;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  /** 1 for each buffer that is lent. */
  readonly #lent: Uint8Array;
  #tail = 0;
  #waiting = 0;

  constructor(ring: Ring, arena: MappedArena) {
    this.#arena = arena;
    this.#entries = Math.min(MAX_ENTRIES, 2 ** Math.floor(Math.log2(Math.max(arena.capacity / 2, 1))));
    this.#reserve = arena.capacity >> 3;
    const mapping = Mapping.anonymous(Math.max(4096, this.#entries * 16));
    this.#words = new Int32Array(mapping.bytes);
    this.#halves = new Uint16Array(mapping.bytes);
    this.#lent = new Uint8Array(arena.capacity);
    const registration = new Int32Array(10);
    registration[0] = mapping.address;
    registration[1] = mapping.address / 4294967296;
    registration[2] = this.#entries;
    registration[3] = BUFFER_GROUP;
    const result = ring.register(IORING_REGISTER_PBUF_RING, registration, 1);
    if (result < 0) throw new SystemError('io_uring_register of a buffer ring', -result);
  }

  /** Buffers that the kernel can fill now. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Lends buffers until the ring is full or the arena is down to an eighth, which is left for those who `acquire`.
   * One store of the tail publishes them all.
   */
  refill(): void {
    const mask = this.#entries - 1;
    let tail = this.#tail;
    while (this.#waiting < this.#entries && this.#arena.available > this.#reserve) {
      const buffer = this.#arena.lend();
      if (buffer === NO_BUFFER) break;
      const address = this.#arena.address + this.#arena.base(buffer) + HEADROOM;
      const place = tail & mask;
      this.#words[place * 4] = address;
      this.#words[place * 4 + 1] = address / 4294967296;
      this.#words[place * 4 + 2] = RECEIVE_SIZE;
      this.#halves[place * 8 + 6] = buffer;
      this.#lent[buffer] = 1;
      this.#waiting++;
      tail = (tail + 1) & 0xffff;
    }
    if (tail === this.#tail) return;
    this.#tail = tail;
    Atomics.store(this.#halves, TAIL, tail);
  }

  /** A receive has filled this buffer: it has one count now. */
  take(buffer: number): void {
    if (this.#lent[buffer] !== 1) throw new Error(`the kernel filled buffer ${buffer}, which it did not have`);
    this.#lent[buffer] = 0;
    this.#waiting--;
    this.#arena.returnFilled(buffer);
  }

  /** Takes back what is lent, once the ring is closed. */
  reclaim(): void {
    for (let buffer = this.#lent.indexOf(1); buffer >= 0; buffer = this.#lent.indexOf(1, buffer + 1)) {
      this.#lent[buffer] = 0;
      this.#arena.returnUnused(buffer);
    }
    this.#waiting = 0;
  }
}
