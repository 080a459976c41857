import { HEADROOM, LARGE_SIZE, RECEIVE_SIZE } from '../arena.ts';
import type { MappedArena } from '../mapped-arena.ts';
import { ProvidedBuffers } from './provided-buffers.ts';
import type { Ring } from './ring.ts';

/** The kernel's names for the two groups of buffers that it receives into. */
export const ORDINARY_GROUP = 1;
export const LARGE_GROUP = 2;

/**
 * The most ordinary buffers that wait for the kernel. The kernel goes round them all, so each is cold again by its turn
 * unless they fit into the second-level cache together; a turn that needs more gets them with the next refill.
 */
const ORDINARY_ENTRIES = 64;

/**
 * The same for large buffers: the most large receives in one turn, so that a few fast connections cannot make the turn
 * long for everybody else.
 */
const LARGE_ENTRIES = 16;

/** Buffers that a slow reader of a large body holds at a time while others wait for the kernel, about. */
const ORDINARY_SPARE = 16;
const LARGE_SPARE = 2;

/** What the kernel receives into: ordinary buffers for all, large ones as long as there are some. */
export class ReceiveBuffers {
  readonly #arena: MappedArena;
  readonly #ordinary: ProvidedBuffers;
  readonly #large: ProvidedBuffers | null;

  constructor(ring: Ring, arena: MappedArena) {
    const { ordinary, large } = arena;
    this.#arena = arena;
    this.#ordinary = new ProvidedBuffers(ring, arena, {
      id: ORDINARY_GROUP,
      buffers: ordinary,
      size: RECEIVE_SIZE,
      entries: entriesFor(Math.max(ordinary.available / 2, 1), ORDINARY_ENTRIES),
      reserve: ordinary.available >> 3,
    });
    this.#large =
      large.available === 0
        ? null
        : new ProvidedBuffers(ring, arena, {
            id: LARGE_GROUP,
            buffers: large,
            size: LARGE_SIZE,
            entries: entriesFor(large.available, LARGE_ENTRIES),
            reserve: 0,
          });
    this.refill();
    this.#populate();
  }

  /** Ordinary buffers that the kernel can fill now. */
  get waiting(): number {
    return this.#ordinary.waiting;
  }

  /** The same for large ones. */
  get largeWaiting(): number {
    return this.#large === null ? 0 : this.#large.waiting;
  }

  /** Lends buffers for those that were filled. */
  refill(): void {
    this.#ordinary.refill();
    this.#large?.refill();
  }

  /** A receive has filled this buffer: it has one count now. */
  take(buffer: number): void {
    if (buffer < this.#arena.firstLarge) this.#ordinary.take(buffer);
    else this.#large?.take(buffer);
  }

  /** Takes back what is lent, once the ring is closed. */
  reclaim(): void {
    this.#ordinary.reclaim();
    this.#large?.reclaim();
  }

  /**
   * Touches what is used first: what is lent, and what takes its place while it is on its way out. Every kind of traffic
   * uses these buffers sooner or later, and a process that has them from its start does not grow by them under the first
   * large body.
   */
  #populate(): void {
    const arena = this.#arena;
    const { capacity, firstLarge } = arena;
    const ordinary = Math.min(this.waiting + ORDINARY_SPARE, firstLarge);
    arena.populate(arena.base(0), arena.base(ordinary - 1) + HEADROOM + RECEIVE_SIZE);
    if (this.#large === null) return;
    const large = Math.min(firstLarge + this.largeWaiting + LARGE_SPARE, capacity);
    arena.populate(arena.base(firstLarge), arena.base(large - 1) + HEADROOM + LARGE_SIZE);
  }
}

/** The largest power of two up to `available`, and at most `limit`. */
function entriesFor(available: number, limit: number): number {
  return Math.min(limit, 2 ** Math.floor(Math.log2(available)));
}
