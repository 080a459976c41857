import { TOKEN_LENGTH } from './token.ts';

const SLOTS = 4_096;

/**
 * What tokens said that a worker has seen lately, of all its services, so that a client that comes again costs no
 * cryptography: neither one with a good token nor one that repeats a bad one. A token takes the place of another one
 * with the same hash. 250 KiB.
 */
export class TokenCache {
  readonly #tokens = new Uint8Array(SLOTS * TOKEN_LENGTH);
  /** Whose token it is; 0: nobody's. */
  readonly #owners = new Uint32Array(SLOTS);
  readonly #targets = new Float64Array(SLOTS);
  readonly #times = new Float64Array(SLOTS);
  readonly #old = new Uint8Array(SLOTS);
  #lastOwner = 0;

  /** A number for someone whose tokens are kept apart from all others'. */
  newOwner(): number {
    return ++this.#lastOwner;
  }

  /** The place of the token memory[start, start + TOKEN_LENGTH) of this owner; -1 when it has not been seen lately. */
  find(owner: number, memory: Uint8Array, start: number): number {
    const slot = slotOf(memory, start);
    if (this.#owners[slot] !== owner) return -1;
    const tokens = this.#tokens;
    const at = slot * TOKEN_LENGTH;
    for (let i = 0; i < TOKEN_LENGTH; i++) if (tokens[at + i] !== memory[start + i]) return -1;
    return slot;
  }

  /** Remembers what a token says; `target` is -1 for one that says nothing. Returns its place. */
  add(owner: number, memory: Uint8Array, start: number, target: number, time: number, old: boolean): number {
    const slot = slotOf(memory, start);
    this.#owners[slot] = owner;
    this.#tokens.set(memory.subarray(start, start + TOKEN_LENGTH), slot * TOKEN_LENGTH);
    this.#targets[slot] = target;
    this.#times[slot] = time;
    this.#old[slot] = old ? 1 : 0;
    return slot;
  }

  target(slot: number): number {
    return this.#targets[slot]!;
  }

  /** When it was issued, in seconds since 1970. */
  time(slot: number): number {
    return this.#times[slot]!;
  }

  /** It is of a key that seals no more. */
  old(slot: number): boolean {
    return this.#old[slot] === 1;
  }
}

/** Characters of the tag are as good as random. */
function slotOf(memory: Uint8Array, start: number): number {
  const hash = (memory[start + 3]! << 18) ^ (memory[start + 5]! << 12) ^ (memory[start + 7]! << 6) ^ memory[start + 9]!;
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}
