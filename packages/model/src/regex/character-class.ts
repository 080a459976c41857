import { addAll, type ByteSet, byteSet, complement, withBothCases } from './byte-set.ts';
import { parseEscape } from './escape.ts';
import type { PatternReader } from './reader.ts';

/** What stands behind `[`, up to and with `]`. */
export function parseClass(reader: PatternReader, ignoreCase: boolean): ByteSet {
  const negated = reader.take('^');
  const set = new Uint8Array(256);
  // Elsewhere `[]` is nothing and `[]x]` two characters, depending on the product: neither is guessed at.
  if (reader.sees(']')) reader.fail('a class is empty; a literal "]" in it is written "\\]"');
  while (!reader.take(']')) {
    const first = element(reader);
    if (!reader.take('-')) {
      addAll(set, first);
      continue;
    }
    if (reader.sees(']')) {
      addAll(set, first);
      addAll(set, byteSet([45, 45]));
      continue;
    }
    const from = onlyByte(first, reader);
    const to = onlyByte(element(reader), reader);
    if (to < from) reader.fail('a range in a class has its larger end first');
    set.fill(1, from, to + 1);
  }
  // Before the set is turned round: with letters of either case, [^a] has no "A".
  const all = ignoreCase ? withBothCases(set) : set;
  return negated ? complement(all) : all;
}

function element(reader: PatternReader): ByteSet {
  if (reader.done) reader.fail('a class is not closed');
  const character = reader.next();
  if (character === '\\') return parseEscape(reader);
  const byte = reader.byteOf(character);
  return byteSet([byte, byte]);
}

function onlyByte(set: ByteSet, reader: PatternReader): number {
  const byte = set.indexOf(1);
  if (set.indexOf(1, byte + 1) >= 0) reader.fail('a range in a class goes from one character to another one');
  return byte;
}
