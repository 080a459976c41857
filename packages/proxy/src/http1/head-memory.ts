import type { AsciiSegment } from '../telemetry/ascii-segment.ts';
import type { FieldTable } from './fields.ts';

/** Remembered heads of one worker, and the longest field section that is remembered, in bytes. */
const SLOTS = 256;
const MAX_SECTION = 2_048;

/** Sections that are let pass at most. */
const LONGEST_PAUSE = 31;

/** One in so many sections that are like a known one is remembered: it may be the one that is sent from now on. */
const ALIKE = 16;

/** Shorter ones cost nothing to read. */
const MIN_SECTION = 32;

/** Odd and without pattern: 2^32 divided by the golden ratio. */
const MULTIPLIER = 0x9e3779b1;

/** A field section (all field lines and the empty one) with what was read from it. */
export class RememberedFields<Meaning> {
  /** In bytes. */
  readonly length: number;
  /** Spans count from the section's first byte; `base` is set by whoever finds it somewhere. */
  readonly table: FieldTable;
  readonly meaning: Meaning;
  /** What the access log writes of these fields, once it has done so. */
  logged: AsciiSegment | null = null;
  readonly #words: Int32Array;
  readonly #last: number;

  constructor(memory: DataView, start: number, length: number, table: FieldTable, meaning: Meaning) {
    this.length = length;
    this.table = table;
    this.meaning = meaning;
    this.#words = new Int32Array(length >> 2);
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = memory.getInt32(start + i * 4, true);
    this.#last = memory.getInt32(start + length - 4, true);
  }

  /** How many bytes of memory[at, end) are those of this section: `length` when it is there whole, else about that many. */
  equalBytes(memory: DataView, at: number, end: number): number {
    const words = this.#words;
    const whole = Math.min(words.length, (end - at) >> 2);
    const fours = whole & ~3;
    let from = at;
    let i = 0;
    for (; i < fours; i += 4, from += 16) {
      const difference =
        (words[i]! ^ memory.getInt32(from, true)) |
        (words[i + 1]! ^ memory.getInt32(from + 4, true)) |
        (words[i + 2]! ^ memory.getInt32(from + 8, true)) |
        (words[i + 3]! ^ memory.getInt32(from + 12, true));
      if (difference !== 0) return from - at;
    }
    for (; i < whole; i++, from += 4) if (words[i] !== memory.getInt32(from, true)) return from - at;
    if (end - at < this.length) return from - at;
    return memory.getInt32(at + this.length - 4, true) === this.#last ? this.length : from - at;
  }

  /** How many fields lie whole within the first so many bytes. */
  fieldsWithin(bytes: number): number {
    const { table } = this;
    let count = table.count;
    while (count > 0 && table.lineEnd(count - 1) - table.base > bytes) count--;
    return count;
  }
}

/**
 * Clients repeat themselves: most send the same fields with each request of a connection, and programs of one kind the
 * same ones on all; or all the same but a last few. So do servers, within the second that Date counts. What is byte for
 * byte a field section that was read before means the same and need not be read again, and so do the fields at the
 * beginning of one.
 *
 * What is remembered is bounded: a section takes the place of one with the same hash. The more sections in a row were
 * unlike all that was known, the fewer are remembered.
 */
export class HeadMemory<Meaning> {
  readonly #entries: (RememberedFields<Meaning> | null)[] = Array.from({ length: SLOTS }, () => null);
  #latest = 0;
  /** Sections in a row that were not known. The more there were, the more are let pass before the next is remembered. */
  #strangers = 0;
  #pause = 0;
  #alike = 0;

  /** The slot to try when nothing better is known. */
  get latest(): number {
    return this.#latest;
  }

  /** What is in this slot. */
  at(slot: number): RememberedFields<Meaning> | null {
    return this.#entries[slot & (SLOTS - 1)]!;
  }

  /** The section that was looked for has been found. */
  found(): void {
    this.#strangers = 0;
    this.#pause = 0;
  }

  /** One that begins alike has been found. Says now and then that the other is worth remembering as well. */
  foundLike(): boolean {
    this.found();
    this.#alike = (this.#alike + 1) % ALIKE;
    return this.#alike === 0;
  }

  /**
   * Remembers memory[start, end), which was read in full into `table`; `meaning` makes what to remember of what it says.
   * Returns the slot to try next time.
   */
  note(memory: DataView, start: number, end: number, table: FieldTable, meaning: () => Meaning): number {
    const length = end - start;
    // Where reading has changed bytes, those that come next time are others.
    if (length > MAX_SECTION || length < MIN_SECTION || table.straightened) return this.#latest;
    if (this.#pause > 0) {
      this.#pause--;
      return this.#latest;
    }
    this.#pause = Math.min(++this.#strangers >> 3, LONGEST_PAUSE);
    const slot = hashOf(memory, start, length) & (SLOTS - 1);
    this.#entries[slot] = new RememberedFields(memory, start, length, table.copyFrom(start), meaning());
    this.#latest = slot;
    return slot;
  }
}

/**
 * A hash of all words of the section, which has at least MIN_SECTION bytes. Four at a time, each from one in
 * four words, so that they do not wait for each other.
 */
function hashOf(memory: DataView, start: number, length: number): number {
  const last = start + length - 4;
  let a = length;
  let b = 1;
  let c = 2;
  let d = 3;
  let at = start;
  for (; at + 12 <= last; at += 16) {
    a = Math.imul(a ^ memory.getInt32(at, true), MULTIPLIER);
    b = Math.imul(b ^ memory.getInt32(at + 4, true), MULTIPLIER);
    c = Math.imul(c ^ memory.getInt32(at + 8, true), MULTIPLIER);
    d = Math.imul(d ^ memory.getInt32(at + 12, true), MULTIPLIER);
    // Multiplying carries upwards only.
    a ^= a >>> 15;
    b ^= b >>> 15;
    c ^= c >>> 15;
    d ^= d >>> 15;
  }
  for (; at <= last; at += 4) d = Math.imul(d ^ memory.getInt32(at, true), MULTIPLIER);
  // The last word may begin before the end of the one before it.
  d ^= memory.getInt32(last, true);
  const hash = Math.imul(
    a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, MULTIPLIER), MULTIPLIER), MULTIPLIER),
    MULTIPLIER,
  );
  return hash ^ (hash >>> 16);
}
