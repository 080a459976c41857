import { close, munmap } from '../ffi/libc.ts';

/** Connections that a trace has room for. */
const CONNECTIONS = 1 << 20;
/** Where those of datagram sockets begin. */
export const DATAGRAM_TRACE = CONNECTIONS / 2;
/** Words before those of connections: whether a ring is open. */
const OPEN = 0;
const HEAD = 1;

/** Where the ring and the buffers of a reactor are, for whoever clears them away. */
export interface Remains {
  readonly ring: number;
  readonly mappings: readonly { readonly address: number; readonly size: number }[];
}

/** Shared memory in which a reactor leaves word of its descriptors; of its pages, only those that are used take memory. */
export function newTrace(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD + CONNECTIONS) * 4);
}

/** What is open in a reactor at any moment, for the case that its thread is ended in the middle of something. */
export class Trace {
  readonly #words: Int32Array;

  /** Without memory, nothing is noted. */
  constructor(memory: SharedArrayBuffer | null) {
    this.#words = memory === null ? new Int32Array(0) : new Int32Array(memory);
  }

  begin(): void {
    this.#words[OPEN] = 1;
  }

  /** Everything has been closed as it should be. */
  end(): void {
    this.#words[OPEN] = 0;
  }

  opened(slot: number, descriptor: number): void {
    this.#words[HEAD + slot] = descriptor + 1;
  }

  closed(slot: number): void {
    this.#words[HEAD + slot] = 0;
  }

  /**
   * Closes what a thread has left open that is no more: the ring with all that is in flight on it, which would go on to
   * be told of new connections, and the connections. Nothing when it has closed everything itself. Returns how many
   * connections there were.
   */
  clear({ ring, mappings }: Remains): number {
    const words = this.#words;
    if (words[OPEN] !== 1) return 0;
    words[OPEN] = 0;
    // The mappings would keep the ring alive.
    for (const { address, size } of mappings) munmap(address, size);
    close(ring);
    let connections = 0;
    for (let i = HEAD; i < words.length; i++) {
      const descriptor = words[i]! - 1;
      if (descriptor < 0) continue;
      close(descriptor);
      words[i] = 0;
      connections++;
    }
    return connections;
  }
}
