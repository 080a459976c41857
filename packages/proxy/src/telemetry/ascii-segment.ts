/** Constant ASCII text, laid out so that it can be copied eight bytes at a time. */
export interface AsciiSegment {
  /** Eight bytes each, little-endian; the last one is padded. No ASCII bytes make a NaN, so none are lost in copying. */
  readonly words: Float64Array;
  /** In bytes. */
  readonly length: number;
}

/** Throws a RangeError for text that is not ASCII. */
export function asciiSegment(text: string): AsciiSegment {
  return segmentOf(Uint8Array.from(text, (character) => (character <= '\x7f' ? character.charCodeAt(0) : 0xff)));
}

/** A copy of these bytes; throws a RangeError when they are not ASCII. */
export function segmentOf(bytes: Uint8Array): AsciiSegment {
  const length = bytes.length;
  if (bytes.some((byte) => byte > 0x7f)) throw new RangeError('a segment is made of ASCII');
  const padded = new Uint8Array(Math.ceil(length / 8) * 8);
  padded.set(bytes);
  return { words: new Float64Array(padded.buffer), length };
}

export const NO_TEXT = asciiSegment('');

/** `text` as a JSON string, quotes included, with everything beyond ASCII escaped. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
