import { COLON, COMMA, CR, HTAB, LF, NINE, SP, TOKEN_LOWER, ZERO } from './characters.ts';
import { Field, fieldCode } from './field-names.ts';
import { HeadError } from './head-error.ts';
import { skipFieldValue } from './scan.ts';

export const MAX_FIELDS = 128;

/** Numbers per field in `FieldTable.spans`. */
const STRIDE = 5;

/** What somebody has found out about fields that are kept, so that nobody finds it out again. */
export interface FieldNote {
  /** Who knows what the rest means: a number that nobody else on this worker has. */
  readonly owner: number;
}

/** The fields of one head as spans of memory; made once and filled again for each head. */
export class FieldTable {
  count = 0;
  /** What all offsets in `spans`, and `length`, are counted from. */
  base = 0;
  /** From `base` to behind the empty line that ends the head. */
  length = 0;
  /** Bit `code` is set when a known field is there, and in `repeated` when it is there more than once. */
  known = 0;
  repeated = 0;
  /** `straightenValue` has changed something. */
  straightened = false;
  /** On a table that is kept: what its Cookie fields say to the service that read them last, … */
  cookieNote: FieldNote | null = null;
  /** … and what rules know of its Host. */
  hostNote: FieldNote | null = null;
  /** By code: index of the first field with it; meaningful where `known` has the bit. */
  readonly first = new Uint8Array(32);
  /** Per field: code, name start, name end, value start, value end (optional white space trimmed). */
  readonly spans: Int32Array;
  #isKept = false;

  constructor(most = MAX_FIELDS) {
    this.spans = new Int32Array(most * STRIDE);
  }

  /** Index of the first field with a known code, or -1. */
  indexOf(code: number): number {
    return (this.known & (1 << code)) === 0 ? -1 : this.first[code]!;
  }

  code(index: number): number {
    return this.spans[index * STRIDE]!;
  }
  nameStart(index: number): number {
    return this.base + this.spans[index * STRIDE + 1]!;
  }
  nameEnd(index: number): number {
    return this.base + this.spans[index * STRIDE + 2]!;
  }
  valueStart(index: number): number {
    return this.base + this.spans[index * STRIDE + 3]!;
  }
  valueEnd(index: number): number {
    return this.base + this.spans[index * STRIDE + 4]!;
  }
  /** Offset behind the empty line that ends the head. */
  get end(): number {
    return this.base + this.length;
  }
  /** Offset behind the CRLF of the field's line. */
  lineEnd(index: number): number {
    return index + 1 < this.count ? this.nameStart(index + 1) : this.end - 2;
  }

  /** Whether it is a copy that is kept: whenever it is given, its fields say the same. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** A table of the same fields, whose offsets are counted from `start`. */
  copyFrom(start: number): FieldTable {
    const copy = new FieldTable(this.count);
    const shift = this.base - start;
    copy.#isKept = true;
    copy.count = this.count;
    copy.length = this.length + shift;
    copy.known = this.known;
    copy.repeated = this.repeated;
    copy.first.set(this.first);
    for (let i = 0; i < this.count * STRIDE; i++) {
      copy.spans[i] = this.spans[i]! + (i % STRIDE === 0 ? 0 : shift);
    }
    return copy;
  }

  /**
   * Takes over the first `count` fields of another table, which lie in the same order from `base` on. Returns where they
   * end.
   */
  take(other: FieldTable, count: number, base: number): number {
    this.known = 0;
    this.repeated = 0;
    for (let i = 0; i < count; i++) {
      const at = i * STRIDE;
      const code = other.spans[at]!;
      this.spans[at] = code;
      this.spans[at + 1] = base + other.spans[at + 1]!;
      this.spans[at + 2] = base + other.spans[at + 2]!;
      this.spans[at + 3] = base + other.spans[at + 3]!;
      this.spans[at + 4] = base + other.spans[at + 4]!;
      this.#index(code, i);
    }
    return base + other.lineEnd(count - 1) - other.base;
  }

  #index(code: number, index: number): void {
    if (code === Field.other) return;
    const bit = 1 << code;
    if ((this.known & bit) !== 0) this.repeated |= bit;
    else this.first[code] = index;
    this.known |= bit;
  }

  /**
   * Moves the value to the end of its line, behind spaces: for fields on which the end of a message hangs, so that the
   * next reader need not know of tabs and of white space behind a value, of which some make another value.
   */
  straightenValue(memory: Uint8Array, index: number): void {
    const nameEnd = this.nameEnd(index);
    const start = this.valueStart(index);
    const end = this.lineEnd(index) - 2;
    if (this.valueEnd(index) === end && start - nameEnd <= 2 && memory[start - 1] !== HTAB) return;
    const to = end - (this.valueEnd(index) - start);
    this.straightened = true;
    memory.copyWithin(to, start, this.valueEnd(index));
    memory.fill(SP, nameEnd + 1, to);
    this.spans[index * STRIDE + 3] = to - this.base;
    this.spans[index * STRIDE + 4] = end - this.base;
  }
}

/**
 * Reads field lines from memory[start, end) up to and with the empty line. Strict (RFC 9112 section 5): no white space
 * around the name, no obs-fold, lines end with CRLF and nothing else, no control characters in values. `words` is
 * `wordsOf(memory)`. The first `taken` fields have been read before, by `FieldTable.take`.
 */
export function parseFields(
  memory: Uint8Array,
  words: Int32Array | null,
  start: number,
  end: number,
  table: FieldTable,
  taken = 0,
): HeadError {
  const spans = table.spans;
  let at = start;
  let slot = taken * STRIDE;
  let known = taken === 0 ? 0 : table.known;
  let repeated = taken === 0 ? 0 : table.repeated;
  for (;;) {
    const nameStart = at;
    while (at < end && TOKEN_LOWER[memory[at]!] !== 0) at++;
    if (at >= end) return HeadError.incomplete;
    const nameEnd = at;
    if (nameEnd === nameStart && memory[at] === CR) {
      if (at + 1 >= end) return HeadError.incomplete;
      if (memory[at + 1] !== LF) return HeadError.lineEnd;
      table.count = slot / STRIDE;
      table.base = 0;
      table.straightened = false;
      table.length = at + 2;
      table.known = known;
      table.repeated = repeated;
      return HeadError.none;
    }
    if (memory[at] !== COLON || nameEnd === nameStart) return HeadError.fieldName;
    at++;
    while (at < end && (memory[at] === SP || memory[at] === HTAB)) at++;
    const valueStart = at;
    at = skipFieldValue(memory, words, at, end);
    if (at >= end) return HeadError.incomplete;
    if (memory[at] !== CR) return memory[at] === LF ? HeadError.lineEnd : HeadError.fieldValue;
    if (at + 1 >= end) return HeadError.incomplete;
    if (memory[at + 1] !== LF) return HeadError.lineEnd;
    let valueEnd = at;
    while (valueEnd > valueStart && (memory[valueEnd - 1] === SP || memory[valueEnd - 1] === HTAB)) valueEnd--;
    at += 2;
    if (slot === MAX_FIELDS * STRIDE) return HeadError.tooManyFields;
    const code = fieldCode(memory, nameStart, nameEnd);
    if (code !== Field.other) {
      const bit = 1 << code;
      if ((known & bit) !== 0) repeated |= bit;
      else table.first[code] = slot / STRIDE;
      known |= bit;
    }
    spans[slot] = code;
    spans[slot + 1] = nameStart;
    spans[slot + 2] = nameEnd;
    spans[slot + 3] = valueStart;
    spans[slot + 4] = valueEnd;
    slot += STRIDE;
  }
}

/** A Content-Length value (RFC 9110 section 8.6): digits only; -1 when it is anything else or not exact as a number. */
export function parseContentLength(memory: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = memory[at]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

/** Whether memory[start, end) is `text` (which is lower-case ASCII), letters of either case. */
export function equalsIgnoringCase(memory: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (TOKEN_LOWER[memory[start + i]!] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * Calls `visit` with the span of each element of a comma-separated list (RFC 9110 section 5.6.1); empty elements are
 * passed over. Stops and returns false as soon as `visit` does.
 */
export function eachListElement(
  memory: Uint8Array,
  start: number,
  end: number,
  visit: (start: number, end: number) => boolean,
): boolean {
  let at = start;
  while (at < end) {
    while (at < end && (memory[at] === SP || memory[at] === HTAB || memory[at] === COMMA)) at++;
    const first = at;
    while (at < end && memory[at] !== COMMA) at++;
    let last = at;
    while (last > first && (memory[last - 1] === SP || memory[last - 1] === HTAB)) last--;
    if (last > first && !visit(first, last)) return false;
  }
  return true;
}
