import { OVERFLOW_SLOT } from '../telemetry/slots.ts';
import type { SourceTable } from './source-table.ts';
import { BUCKET_WORDS, TokenBucket } from './token-bucket.ts';

const Word = { connections: 0, connectionBucket: 1, requestBucket: 1 + BUCKET_WORDS } as const;

/** Words of shared memory that a listener takes. */
const ROW = 8;

/** Load balancers with limits that are counted by all workers together; of more, each worker counts alone. */
export const MAX_LOAD_BALANCERS = 4_096;

/** Memory of `listeners` rows, for all workers of a node. */
export function newLimitMemory(listeners: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(listeners * ROW * Int32Array.BYTES_PER_ELEMENT));
}

/** Connections that have a place now. */
export function placesTaken(memory: Int32Array, slot: number): number {
  return Atomics.load(memory, slot * ROW + Word.connections);
}

/** Takes back connections that a worker had when it died. */
export function forgetConnections(memory: Int32Array, slot: number, connections: number): void {
  Atomics.sub(memory, slot * ROW + Word.connections, connections);
}

/** Makes the row ready for another owner. */
export function clearLimits(memory: Int32Array, slot: number): void {
  for (let word = slot * ROW; word < (slot + 1) * ROW; word++) Atomics.store(memory, word, 0);
}

/** What all workers of a node count together of one listener, so that its limits hold for the node. */
export class SharedLimits {
  readonly connectionRate: TokenBucket;
  readonly requestRate: TokenBucket;
  /** Of all listeners; see source-table.ts. */
  readonly sources: SourceTable;
  readonly #words: Int32Array;
  readonly #connections: number;

  /** Listeners that have no slot of their own are counted by each worker alone. */
  constructor(memory: Int32Array, slot: number, sources: SourceTable) {
    this.sources = sources;
    const isShared = slot !== OVERFLOW_SLOT;
    this.#words = isShared ? memory : new Int32Array(new SharedArrayBuffer(ROW * Int32Array.BYTES_PER_ELEMENT));
    const first = isShared ? slot * ROW : 0;
    this.#connections = first + Word.connections;
    this.connectionRate = new TokenBucket(this.#words, first + Word.connectionBucket);
    this.requestRate = new TokenBucket(this.#words, first + Word.requestBucket);
  }

  /** Takes one of at most `most` places; false: they are all taken. Each is given back by `leave`. */
  enter(most: number): boolean {
    const words = this.#words;
    const at = this.#connections;
    for (let taken = Atomics.load(words, at); taken < most; ) {
      const found = Atomics.compareExchange(words, at, taken, taken + 1);
      if (found === taken) return true;
      taken = found;
    }
    return false;
  }

  /** Places that are taken now. */
  get taken(): number {
    return Atomics.load(this.#words, this.#connections);
  }

  leave(): void {
    Atomics.sub(this.#words, this.#connections, 1);
  }
}
