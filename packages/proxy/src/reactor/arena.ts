/**
 * The memory that one reactor receives into and sends from: buffers in one block that never moves, so that the kernel
 * may hold addresses in it. Protocol code works on `memory` with absolute offsets and never slices it.
 *
 * Buffers have room for RECEIVE_SIZE bytes; a reactor may have a few for LARGE_SIZE bytes, for connections with
 * `largeReceives` that have just brought much. `acquire` never hands out one of those.
 *
 * A buffer is counted: whoever is handed one (by `acquire` or `onReceive`) owns one count and must `release` it, or
 * pass it on with `Connection.send`. Each buffer has `HEADROOM` bytes in front of the place where receiving starts, so
 * that a message head can grow in place.
 *
 * Invariant: 0 <= free <= capacity, and free = capacity when no connection is open and no protocol code holds one.
 */
export interface Arena {
  readonly memory: Uint8Array;
  /** Number of buffers. */
  readonly capacity: number;
  /** Number of buffers that nobody owns now. */
  readonly free: number;
  /** Number of buffers that `acquire` could hand out now: not those that the kernel has, nor large ones. */
  readonly available: number;
  /** A buffer with one count, or `NO_BUFFER` when all are taken. */
  acquire(): number;
  /** Adds a count to a buffer that the caller owns. */
  retain(buffer: number): void;
  /** Gives back one count; `NO_BUFFER` is ignored. */
  release(buffer: number): void;
  /** Offset in `memory` where the buffer begins, headroom included. */
  base(buffer: number): number;
  /** Copies constant bytes into memory that lives as long as the arena; send them with `NO_BUFFER`. Start-up only. */
  intern(bytes: Uint8Array): StaticRange;
}

export interface StaticRange {
  readonly start: number;
  readonly end: number;
}

export const NO_BUFFER = -1;

/** Bytes before the place where receiving starts: room for a head to grow in place. */
export const HEADROOM = 1024;

/** Bytes that one receive may fill, and room in a buffer behind its headroom. */
export const RECEIVE_SIZE = 16 * 1024;

/** The same for a connection with `largeReceives` that has just brought much. */
export const LARGE_SIZE = 256 * 1024;

/** Whole size of a buffer that was acquired; its offsets are base(buffer) .. base(buffer) + BUFFER_SIZE. */
export const BUFFER_SIZE = HEADROOM + RECEIVE_SIZE;
