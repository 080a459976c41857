import { doubles } from './doubles.ts';

/** Constant ASCII text, laid out so that it can be copied eight bytes at a time. */
export interface AsciiSegment {
  /** Eight bytes each, little-endian; the last one is padded. No ASCII bytes make a NaN, so none are lost in copying. */
  readonly words: readonly number[];
  /** In bytes. */
  readonly length: number;
}

/** Bytes beyond its end that writing a segment may touch. */
export const SEGMENT_OVERRUN = 8;

/** Where segments are laid out before they are copied; those of addresses and names have room in it. */
const scratch = new Float64Array(64);
const scratchBytes = new Uint8Array(scratch.buffer);

/** Throws a RangeError for text that is not ASCII. Quick, as one is made for each connection. */
export function asciiSegment(text: string): AsciiSegment {
  const { length } = text;
  if (length > scratchBytes.length) return segmentOf(Uint8Array.from(text, codeOf));
  const count = Math.ceil(length / 8);
  if (count > 0) scratch[count - 1] = 0;
  let all = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    scratchBytes[i] = code;
  }
  if (all > 0x7f) throw new RangeError(NOT_ASCII);
  return { words: doubles(scratch, count), length };
}

/** Writes it, and up to `SEGMENT_OVERRUN` bytes behind it. */
export function writeSegment(view: DataView, at: number, { words }: AsciiSegment): void {
  for (let i = 0; i < words.length; i++) view.setFloat64(at + 8 * i, words[i]!, true);
}

/** A copy of these bytes; throws a RangeError when they are not ASCII. */
export function segmentOf(bytes: Uint8Array): AsciiSegment {
  const length = bytes.length;
  if (bytes.some((byte) => byte > 0x7f)) throw new RangeError(NOT_ASCII);
  const words = new Float64Array(Math.ceil(length / 8));
  new Uint8Array(words.buffer).set(bytes);
  return { words: doubles(words), length };
}

const NOT_ASCII = 'a segment is made of ASCII';

/** The code of a character; that of one that is not ASCII is none either, whichever byte it would become. */
function codeOf(character: string): number {
  return character <= '\x7f' ? character.charCodeAt(0) : 0xff;
}

export const NO_TEXT = asciiSegment('');

/** `text` as a JSON string, quotes included, with everything beyond ASCII escaped. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
