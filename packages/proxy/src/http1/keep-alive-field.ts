import { COMMA, ZERO } from './characters.ts';

const WORD = Uint8Array.from('timeout=', (character) => character.charCodeAt(0));

/** More seconds than this are as good as any number. */
const MOST = 1_000_000;

/**
 * The `timeout` of a Keep-Alive field's value memory[start, end), in seconds; -1: it says none. The parameter is
 * described in RFC 2068 section 19.7.1.1 and in use since.
 */
export function keepAliveTimeout(memory: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    let word = 0;
    // Names of parameters are compared without case; `=` has no other case.
    while (word < WORD.length && at + word < end && (memory[at + word]! | 32) === (WORD[word]! | 32)) word++;
    if (word === WORD.length) return readSeconds(memory, at + word, end);
    while (at < end && memory[at] !== COMMA) at++;
    at++;
    while (at < end && memory[at] === 32) at++;
  }
  return -1;
}

function readSeconds(memory: Uint8Array, start: number, end: number): number {
  let seconds = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = memory[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    seconds = Math.min(MOST, seconds * 10 + digit);
  }
  return at === start ? -1 : seconds;
}
