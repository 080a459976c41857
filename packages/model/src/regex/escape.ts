import { type ByteSet, byteSet, complement, DIGITS, SPACE, WORD } from './byte-set.ts';
import type { PatternReader } from './reader.ts';

const CLASSES: ReadonlyMap<string, ByteSet> = new Map([
  ['d', DIGITS],
  ['D', complement(DIGITS)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', SPACE],
  ['S', complement(SPACE)],
]);

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);

/** What stands behind a backslash: a class, a control character, `xHH`, or punctuation that means itself. */
export function parseEscape(reader: PatternReader): ByteSet {
  const character = reader.next();
  const set = CLASSES.get(character);
  if (set !== undefined) return set;
  const control = CONTROLS.get(character);
  if (control !== undefined) return byteSet([control, control]);
  if (character === 'x') {
    const digits = reader.next() + reader.next();
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) reader.fail('"\\x" needs two hexadecimal digits');
    const byte = Number.parseInt(digits, 16);
    return byteSet([byte, byte]);
  }
  if (character === '') reader.fail('a backslash ends the pattern');
  if (/[1-9]/.test(character)) reader.fail('backreferences are not available');
  if (character === 'b' || character === 'B') reader.fail('word boundaries are not available');
  if (/[0-9A-Za-z]/.test(character)) {
    reader.fail(
      `"\\${character}" is not available; escapes are \\d \\D \\w \\W \\s \\S \\t \\n \\v \\f \\r \\xHH and punctuation`,
    );
  }
  const byte = reader.byteOf(character);
  return byteSet([byte, byte]);
}
