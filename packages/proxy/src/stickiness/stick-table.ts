import { hashBytes, hashText } from '@evenkeel/model/hashing/murmur3.ts';

/** Clients that one service remembers: a bucket holds so many of those whose keys share a hash. */
const BUCKETS = 8_192;
const WAYS = 8;

/** Doubles of an entry: key, number of the target, when it was used last. */
const ENTRY = 3;
const BUCKET = WAYS * ENTRY;

/** How often a worker tries to have a bucket for itself before it does without. */
const TRIES = 1_000;

const SEEDS = 2;

/** The memory of a table: a plain object, which goes to the workers by structured clone and is shared by them. */
export interface StickTableMemory {
  /** Two seeds of the hash, then a lock for each bucket. */
  readonly control: Int32Array;
  readonly entries: Float64Array;
}

/** Memory of an empty table, 1.5 MiB, of which only touched pages exist. `random`: 0 <= random() < 1. */
export function newStickTable(random: () => number): StickTableMemory {
  const control = new Int32Array(new SharedArrayBuffer((SEEDS + BUCKETS) * 4));
  control[0] = Math.floor(random() * 2 ** 32);
  control[1] = Math.floor(random() * 2 ** 32);
  return { control, entries: new Float64Array(new SharedArrayBuffer(BUCKETS * BUCKET * 8)) };
}

/**
 * Which target a client was with last, for all workers of a node. Bounded: when a bucket is full, whoever was not seen
 * for longest is forgotten. Keys are numbers of 52 bits from 1; seeds are of the table, so that nobody outside knows
 * which clients share a bucket.
 *
 * Each bucket has a lock, held for the time of looking at eight entries. A worker that does not get it soon, since the
 * one that has it was put to sleep or has died, reads all the same and does not write: at worst, a client that has just
 * come is taken for another one.
 */
export class StickTable {
  readonly #control: Int32Array;
  readonly #entries: Float64Array;

  constructor({ control, entries }: StickTableMemory) {
    this.#control = control;
    this.#entries = entries;
  }

  keyOfText(text: string): number {
    return keyOf(hashText(text, this.#control[0]!), hashText(text, this.#control[1]!));
  }

  keyOfBytes(memory: Uint8Array, start: number, end: number): number {
    const [first, second] = [this.#control[0]!, this.#control[1]!];
    return keyOf(hashBytes(memory, start, end, first), hashBytes(memory, start, end, second));
  }

  /** Number of the target of this client, if it was seen at `since` or later; -1 when it was not. */
  find(key: number, since: number): number {
    const bucket = key % BUCKETS;
    const locked = this.#lock(bucket);
    const entries = this.#entries;
    let target = -1;
    for (let at = bucket * BUCKET, end = at + BUCKET; at < end; at += ENTRY) {
      if (entries[at] !== key) continue;
      if (entries[at + 2]! >= since) target = entries[at + 1]!;
      break;
    }
    if (locked) this.#unlock(bucket);
    return target;
  }

  /** The client is with this target now. Times are milliseconds of any clock that all workers share. */
  remember(key: number, target: number, now: number): void {
    const bucket = key % BUCKETS;
    if (!this.#lock(bucket)) return;
    const entries = this.#entries;
    const start = bucket * BUCKET;
    let place = start;
    for (let at = start; at < start + BUCKET; at += ENTRY) {
      if (entries[at] === key) {
        place = at;
        break;
      }
      // An entry that was never used was used at 0: before all others.
      if (entries[at + 2]! < entries[place + 2]!) place = at;
    }
    entries[place] = key;
    entries[place + 1] = target;
    entries[place + 2] = now;
    this.#unlock(bucket);
  }

  #lock(bucket: number): boolean {
    const cell = SEEDS + bucket;
    for (let tries = 0; tries < TRIES; tries++)
      if (Atomics.compareExchange(this.#control, cell, 0, 1) === 0) return true;
    return false;
  }

  #unlock(bucket: number): void {
    Atomics.store(this.#control, SEEDS + bucket, 0);
  }
}

/** 52 bits of two hashes; never 0, which is no key. */
function keyOf(first: number, second: number): number {
  return (first & 0xf_ffff) * 2 ** 32 + second + 1;
}
