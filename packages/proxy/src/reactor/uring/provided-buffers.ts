import { HEADROOM, NO_BUFFER } from '../arena.ts';
import { SystemError } from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import type { FreeBuffers } from '../free-buffers.ts';
import type { MappedArena } from '../mapped-arena.ts';
import { IORING_REGISTER_PBUF_RING } from './abi.ts';
import type { Ring } from './ring.ts';

/** Index of the tail in the ring's 16-bit words: it overlaps the reserved field of the first entry. */
const TAIL = 7;

/** Buffers that the kernel receives into, and how. */
export interface BufferGroup {
  /** The kernel's name for the group. */
  readonly id: number;
  readonly buffers: FreeBuffers;
  /** Bytes that one of them takes behind its headroom. */
  readonly size: number;
  /** The most buffers that wait for the kernel, a power of two. */
  readonly entries: number;
  /** Buffers that are never lent: they are left for those who `acquire`. */
  readonly reserve: number;
}

/**
 * The ring of a group of buffers that the kernel receives into. Entries name arena buffers by their number and point
 * behind the headroom. The kernel takes them in order, and reports each with the completion of the receive that filled it.
 *
 * Invariant: 0 <= waiting <= entries, where waiting is what is lent and has not been reported.
 */
export class ProvidedBuffers {
  readonly #arena: MappedArena;
  readonly #group: BufferGroup;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  /** 1 for each buffer that is lent. */
  readonly #lent: Uint8Array;
  #tail = 0;
  #waiting = 0;

  constructor(ring: Ring, arena: MappedArena, group: BufferGroup) {
    this.#arena = arena;
    this.#group = group;
    const mapping = Mapping.anonymous(Math.max(4096, group.entries * 16));
    this.#words = new Int32Array(mapping.bytes);
    this.#halves = new Uint16Array(mapping.bytes);
    this.#lent = new Uint8Array(arena.capacity);
    const registration = new Int32Array(10);
    registration[0] = mapping.address;
    registration[1] = mapping.address / 4294967296;
    registration[2] = group.entries;
    registration[3] = group.id;
    const result = ring.register(IORING_REGISTER_PBUF_RING, registration, 1);
    if (result < 0) throw new SystemError('io_uring_register of a buffer ring', -result);
  }

  /** Buffers that the kernel can fill now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lends buffers until the ring is full or only the reserve is left. One store of the tail publishes them all. */
  refill(): void {
    const { buffers, entries, reserve, size } = this.#group;
    const mask = entries - 1;
    let tail = this.#tail;
    while (this.#waiting < entries && buffers.available > reserve) {
      const buffer = buffers.lend();
      if (buffer === NO_BUFFER) break;
      const address = this.#arena.address + this.#arena.base(buffer) + HEADROOM;
      const place = tail & mask;
      this.#words[place * 4] = address;
      this.#words[place * 4 + 1] = address / 4294967296;
      this.#words[place * 4 + 2] = size;
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
    this.#group.buffers.returnFilled();
    this.#arena.own(buffer);
  }

  /** Takes back what is lent, once the ring is closed. */
  reclaim(): void {
    for (let buffer = this.#lent.indexOf(1); buffer >= 0; buffer = this.#lent.indexOf(1, buffer + 1)) {
      this.#lent[buffer] = 0;
      this.#group.buffers.returnUnused(buffer);
    }
    this.#waiting = 0;
  }
}
