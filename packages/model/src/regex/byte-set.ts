/** Which of the 256 bytes belong: 1 for each that does. */
export type ByteSet = Uint8Array;

export function byteSet(...ranges: readonly (readonly [number, number])[]): ByteSet {
  const set = new Uint8Array(256);
  for (const [first, last] of ranges) set.fill(1, first, last + 1);
  return set;
}

export function complement(set: ByteSet): ByteSet {
  return set.map((belongs) => 1 - belongs);
}

export function addAll(set: ByteSet, added: ByteSet): void {
  for (let byte = 0; byte < 256; byte++) if (added[byte] === 1) set[byte] = 1;
}

/** The set with both cases of each ASCII letter in it. */
export function withBothCases(set: ByteSet): ByteSet {
  const both = set.slice();
  for (let upper = 65; upper <= 90; upper++) {
    const belongs = set[upper]! | set[upper + 32]!;
    both[upper] = belongs;
    both[upper + 32] = belongs;
  }
  return both;
}

const code = (character: string): number => character.charCodeAt(0);

export const DIGITS = byteSet([code('0'), code('9')]);
export const WORD = byteSet([code('0'), code('9')], [code('A'), code('Z')], [code('a'), code('z')], [95, 95]);
/** HTAB, LF, VT, FF, CR, SP. */
export const SPACE = byteSet([9, 13], [32, 32]);
/** What a dot stands for: no line ends. */
export const ANY = complement(byteSet([10, 10], [13, 13]));
