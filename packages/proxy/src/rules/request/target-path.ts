import { HEX } from '../../http1/characters.ts';
import type { RequestHead } from '../../http1/request-head.ts';

const PERCENT = 37;
const DOT = 46;
const SLASH = 47;
const QUESTION = 63;
const CAPITAL = 65;
const BACKSLASH = 92;
const SMALL = 97;

/** 1 for the bytes that mean the same whether they are percent-encoded or not (RFC 3986 section 2.3). */
const UNRESERVED = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) if (/[A-Za-z0-9._~-]/.test(String.fromCharCode(byte))) UNRESERVED[byte] = 1;

/**
 * Gives the path of a request one spelling, where it lies, so that rules and the target see the same bytes, and no rule
 * is passed by in disguise: what is percent-encoded without need (`%61` for `a`) is decoded, and the digits of what stays
 * encoded become capitals (`%C3` for `%c3`), which mean the same by RFC 3986 sections 6.2.2.1 and 6.2.2.2. Returns where
 * the path ends, or -1 when the request is to be refused: for a percent sign without its two digits, and for a segment
 * `.` or `..`, which some servers resolve and others do not.
 *
 * The method moves up to the path when that has become shorter; an absolute-form target then becomes one in origin-form.
 */
export function settlePath(memory: Uint8Array, head: RequestHead): number {
  const { targetEnd } = head;
  let at = head.pathStart;
  let encoded = false;
  let dotted = false;
  let before = 0;
  for (; at < targetEnd; at++) {
    const byte = memory[at]!;
    if (byte === QUESTION) break;
    if (byte === PERCENT) encoded = true;
    else if (byte === DOT && (before === SLASH || before === BACKSLASH)) dotted = true;
    before = byte;
  }
  if (encoded && !respell(memory, head, at)) return -1;
  if ((encoded || dotted) && hasDotSegment(memory, head.pathStart, at)) return -1;
  return at;
}

/** False when a percent sign is not followed by two digits. */
function respell(memory: Uint8Array, head: RequestHead, end: number): boolean {
  let settled = true;
  for (let at = head.pathStart; at < end; at++) {
    if (memory[at] !== PERCENT) continue;
    const byte = at + 2 < end ? encodedAt(memory, at) : -1;
    if (byte < 0) return false;
    if (UNRESERVED[byte] === 1 || isSmall(memory[at + 1]!) || isSmall(memory[at + 2]!)) settled = false;
    at += 2;
  }
  if (settled) return true;
  head.sentTarget ??= memory.slice(head.targetStart, head.targetEnd);
  let to = end;
  for (let from = end - 1; from >= head.pathStart; from--) {
    const byte = memory[from]!;
    if (byte === PERCENT) {
      // Its digits have been copied already; they are taken back if the byte they stand for takes their place.
      const decoded = encodedAt(memory, to - 1);
      if (UNRESERVED[decoded] === 1) {
        to += 2;
        memory[--to] = decoded;
        continue;
      }
      for (let digit = to; digit < to + 2; digit++) if (isSmall(memory[digit]!)) memory[digit]! -= SMALL - CAPITAL;
    }
    memory[--to] = byte;
  }
  moveLineTo(memory, head, to);
  return true;
}

/** Whether a digit is a small letter. */
function isSmall(digit: number): boolean {
  return digit >= SMALL;
}

/** The byte that the two digits behind memory[at] stand for; -1 when they are none. */
function encodedAt(memory: Uint8Array, at: number): number {
  const high = HEX[memory[at + 1]!]!;
  const low = HEX[memory[at + 2]!]!;
  return high === 255 || low === 255 ? -1 : high * 16 + low;
}

/** The path begins at `pathStart` now, and so does the target; the method goes in front of it. */
function moveLineTo(memory: Uint8Array, head: RequestHead, pathStart: number): void {
  const methodStart = pathStart - (head.targetStart - head.methodStart);
  memory.copyWithin(methodStart, head.methodStart, head.targetStart);
  head.methodEnd += methodStart - head.methodStart;
  head.methodStart = methodStart;
  head.targetStart = pathStart;
  head.pathStart = pathStart;
}

/** Whether a path that was put together of settled ones, and of what a rule adds, may go out: as `settlePath` has it. */
export function isSettled(memory: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (memory[at] !== PERCENT) continue;
    const byte = at + 2 < end ? encodedAt(memory, at) : -1;
    if (byte < 0 || byte === DOT) return false;
  }
  return !hasDotSegment(memory, start, end);
}

/** Whether a path has a segment `.` or `..` between slashes of any spelling: `/`, `\`, `%2F`, `%5C`. */
export function hasDotSegment(memory: Uint8Array, start: number, end: number): boolean {
  let dots = 0;
  let other = false;
  for (let at = start; ; ) {
    const width = at >= end ? 1 : separatorWidth(memory, at, end);
    if (width === 0) {
      if (memory[at] === DOT) dots++;
      else other = true;
      at++;
      continue;
    }
    if (!other && (dots === 1 || dots === 2)) return true;
    if (at >= end) return false;
    dots = 0;
    other = false;
    at += width;
  }
}

/** Bytes of the separator at memory[at]; 0: there is none. */
function separatorWidth(memory: Uint8Array, at: number, end: number): number {
  const byte = memory[at];
  if (byte === SLASH || byte === BACKSLASH) return 1;
  if (byte !== PERCENT || at + 2 >= end) return 0;
  const code = encodedAt(memory, at);
  return code === SLASH || code === BACKSLASH ? 3 : 0;
}
