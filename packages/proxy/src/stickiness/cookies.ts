import { COMMA, HTAB, SEMICOLON, SP } from '../http1/characters.ts';

const EQUALS = 61;

/** 1 for bytes of a cookie's value: cookie-octet of RFC 6265 section 4.1.1, and the quotes that may stand around it. */
const VALUE = new Uint8Array(256);
for (let byte = 0x21; byte < 0x7f; byte++) VALUE[byte] = byte === COMMA || byte === SEMICOLON || byte === 92 ? 0 : 1;

/** Where a value was found: memory[start, end). */
export interface ValueSpan {
  start: number;
  end: number;
}

/**
 * Finds the first pair with this name in a Cookie field's value memory[start, end), `name=value` joined by `;` (RFC 6265
 * section 4.2.1), and sets `span` to its value. Returns where to look for the next one, or -1 when there is none.
 *
 * Strict in what counts: the name is compared byte for byte and begins its pair, the value is made of cookie-octets; a
 * pair that is not so is passed over, and the others hold. Servers read odd pairs in many ways, so none is taken for ours.
 */
export function findCookie(memory: Uint8Array, start: number, end: number, name: Uint8Array, span: ValueSpan): number {
  let at = start;
  while (at < end) {
    while (at < end && isSpace(memory[at]!)) at++;
    const valueStart = valueOf(memory, at, end, name);
    let pairEnd = at;
    while (pairEnd < end && memory[pairEnd] !== SEMICOLON) pairEnd++;
    if (valueStart >= 0) {
      let valueEnd = valueStart;
      while (valueEnd < pairEnd && VALUE[memory[valueEnd]!] === 1) valueEnd++;
      let rest = valueEnd;
      while (rest < pairEnd && isSpace(memory[rest]!)) rest++;
      if (rest === pairEnd) {
        span.start = valueStart;
        span.end = valueEnd;
        return pairEnd;
      }
    }
    at = pairEnd + 1;
  }
  return -1;
}

/** The same for a Set-Cookie field's value memory[start, end), whose first pair is the cookie. */
export function readSetCookie(
  memory: Uint8Array,
  start: number,
  end: number,
  name: Uint8Array,
  span: ValueSpan,
): boolean {
  let pairEnd = start;
  while (pairEnd < end && memory[pairEnd] !== SEMICOLON) pairEnd++;
  return findCookie(memory, start, pairEnd, name, span) >= 0;
}

/** Where the value of the pair at memory[at] begins if it has this name, or -1. */
function valueOf(memory: Uint8Array, at: number, end: number, name: Uint8Array): number {
  const equals = at + name.length;
  if (equals >= end || memory[equals] !== EQUALS) return -1;
  for (let i = 0; i < name.length; i++) if (memory[at + i] !== name[i]) return -1;
  return equals + 1;
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
