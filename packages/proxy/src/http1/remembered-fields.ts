import type { AsciiSegment } from '../telemetry/ascii-segment.ts';
import type { FieldTable } from './fields.ts';

/** Odd and without pattern: 2^32 divided by the golden ratio. */
export const MULTIPLIER = 0x9e3779b1;

/** Sections of which all begin with the same `length` bytes. */
export class Family {
  length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** A field section (all field lines and the empty one) with what was read from it. */
export class RememberedFields<Meaning> {
  /** In bytes. */
  readonly length: number;
  /** Spans count from the section's first byte; `base` is set by whoever finds it somewhere. */
  readonly table: FieldTable;
  readonly meaning: Meaning;
  /** Where it is remembered. */
  readonly slot: number;
  readonly family: Family;
  /** It has come again since somebody else wanted its place. */
  used = false;
  /** What the access log writes of these fields, once it has done so. */
  logged: AsciiSegment | null = null;
  readonly #words: Int32Array;
  /** The same memory, eight bytes at a time. */
  readonly #pairs: Float64Array;
  readonly #last: number;
  /** Hashes of what it begins with: of no bytes, of 16, of 32 and so on; made when somebody asks. */
  #beginnings: Int32Array | null = null;

  /** `family`: of a section that begins like this one for as many bytes as it says. */
  constructor(
    memory: DataView,
    start: number,
    length: number,
    table: FieldTable,
    meaning: Meaning,
    slot: number,
    family: Family | null,
  ) {
    this.length = length;
    this.table = table;
    this.meaning = meaning;
    this.slot = slot;
    this.family = family ?? new Family(length);
    const bytes = new ArrayBuffer((length + 7) & ~7);
    this.#pairs = new Float64Array(bytes);
    this.#words = new Int32Array(bytes, 0, length >> 2);
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = memory.getInt32(start + i * 4, true);
    this.#last = memory.getInt32(start + length - 4, true);
  }

  /**
   * How many bytes of memory[at, end) are those of this section: `length` when it is there whole, else about that many.
   * The first `known` ones, a multiple of 16, have been compared before.
   *
   * Eight bytes are compared as a number. Numbers that are equal have equal bytes but for the two zeros, and those would
   * be seven NUL bytes, which no field section has; those that are not even equal to themselves count as different.
   */
  equalBytes(memory: DataView, at: number, end: number, known = 0): number {
    const words = this.#words;
    const pairs = this.#pairs;
    const whole = Math.min(words.length, (end - at) >> 2);
    const fours = whole & ~3;
    let from = at + known;
    for (let pair = known >> 3; pair + 4 <= whole >> 1; pair += 4, from += 32) {
      if (
        pairs[pair] !== memory.getFloat64(from, true) ||
        pairs[pair + 1] !== memory.getFloat64(from + 8, true) ||
        pairs[pair + 2] !== memory.getFloat64(from + 16, true) ||
        pairs[pair + 3] !== memory.getFloat64(from + 24, true)
      ) {
        break;
      }
    }
    // Where exactly they differ, and the rest.
    let i = (from - at) >> 2;
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

  /** A hash of its first `count` times 16 bytes. */
  beginning(count: number): number {
    return (this.#beginnings ??= this.#hashBeginnings())[count]!;
  }

  #hashBeginnings(): Int32Array {
    const words = this.#words;
    const hashes = new Int32Array((words.length >> 2) + 1);
    for (let i = 0; i < words.length >> 2; i++) {
      let hash = hashes[i]!;
      for (let word = i * 4; word < i * 4 + 4; word++) hash = mix(hash, words[word]!);
      hashes[i + 1] = hash;
    }
    return hashes;
  }

  /** How many fields lie whole within the first so many bytes. */
  fieldsWithin(bytes: number): number {
    const { table } = this;
    let count = table.count;
    while (count > 0 && table.lineEnd(count - 1) - table.base > bytes) count--;
    return count;
  }
}

/** `hash` with one word more. */
export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, MULTIPLIER);
  // Multiplying carries upwards only.
  return mixed ^ (mixed >>> 15);
}
