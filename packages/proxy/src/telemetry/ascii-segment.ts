/** Constant ASCII text, laid out so that it can be copied eight bytes at a time. */
export interface AsciiSegment {
  /** Eight bytes each, little-endian; the last one is padded. No ASCII bytes make a NaN, so none are lost in copying. */
  readonly words: Float64Array;
  /** In bytes. */
  readonly length: number;
}

/** Throws a RangeError for text that is not ASCII. */
export function asciiSegment(text: string): AsciiSegment {
  const length = text.length;
  const padded = new Uint8Array(Math.ceil(length / 8) * 8);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) throw new RangeError(`not ASCII: ${JSON.stringify(text)}`);
    padded[i] = code;
  }
  const view = new DataView(padded.buffer);
  const words = new Float64Array(padded.length / 8);
  for (let i = 0; i < words.length; i++) words[i] = view.getFloat64(i * 8, true);
  return { words, length };
}

export const NO_TEXT = asciiSegment('');

/** `text` as a JSON string, quotes included, with everything beyond ASCII escaped. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
