import { close, munmap, viewMemory } from '../ffi/libc.ts';
import { Kind } from './operations.ts';

/** Connections that a trace has room for. */
const CONNECTIONS = 1 << 20;
/** Where those of datagram sockets begin. */
export const DATAGRAM_TRACE = CONNECTIONS / 2;
/** Words before those of connections: whether a ring is open, and which completion is handled next. */
const OPEN = 0;
const NEXT = 1;
const HEAD = 2;

/** Where a ring has its completions, in words of its first mapping; `Ring` says what is in them. */
export interface CompletionPlaces {
  readonly tail: number;
  readonly first: number;
  readonly mask: number;
}

/** Where the ring and the buffers of a reactor are, for whoever clears them away. */
export interface Remains {
  readonly ring: number;
  /** The first is the one with the completions. */
  readonly mappings: readonly { readonly address: number; readonly size: number }[];
  readonly places: CompletionPlaces;
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
    this.#words[NEXT] = 0;
    this.#words[OPEN] = 1;
  }

  /** The completions before this one are handled, or are just being. */
  handles(next: number): void {
    this.#words[NEXT] = next;
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
   * be told of new connections, the connections, and those that it was told of and never came to. Nothing when it has
   * closed everything itself. Returns how many connections there were.
   */
  clear({ ring, mappings, places }: Remains): number {
    const words = this.#words;
    if (words[OPEN] !== 1) return 0;
    words[OPEN] = 0;
    const untold = acceptedIn(mappings[0]!, places, words[NEXT]!);
    // The mappings would keep the ring alive.
    for (const { address, size } of mappings) munmap(address, size);
    close(ring);
    let connections = untold.length;
    for (const descriptor of untold) close(descriptor);
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

/** Connections that the completions from `next` on tell of. */
function acceptedIn({ address, size }: Remains['mappings'][0], places: CompletionPlaces, next: number): number[] {
  const words = new Int32Array(viewMemory(address, size));
  const tail = Atomics.load(words, places.tail);
  const accepted: number[] = [];
  for (let head = next; head !== tail; head = (head + 1) | 0) {
    const at = places.first + ((head & places.mask) << 2);
    const [kind, result] = [words[at + 1]!, words[at + 2]!];
    if (kind === Kind.accept && result >= 0) accepted.push(result);
  }
  return accepted;
}
