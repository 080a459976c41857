import { type AsciiSegment, asciiSegment, segmentOf, writeSegment } from './ascii-segment.ts';

/** What `escaped` writes for one byte at most: \u00XX. */
const ESCAPE_SIZE = 6;

/** Bytes that a JSON string of ASCII takes as they are: 1. Others are written as \u00XX: 0. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) PLAIN[byte] = byte === 0x22 || byte === 0x5c ? 0 : 1;

const HEX = new Uint8Array([...'0123456789abcdef'].map((digit) => digit.charCodeAt(0)));

/**
 * Writes text as bytes, without making strings. `at` is where the next byte goes. Nothing is checked against the end of
 * the memory: whoever writes knows the longest line there can be (`SEGMENT_OVERRUN` included).
 */
export class LineWriter {
  at = 0;
  /** An `escaped` text was longer than it may be. */
  clipped = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #second = -1;
  #secondText: AsciiSegment = asciiSegment('');

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  segment(segment: AsciiSegment): void {
    writeSegment(this.#view, this.at, segment);
    this.at += segment.length;
  }

  /** What has been written from `start` on, to be written again. */
  since(start: number): AsciiSegment {
    return segmentOf(this.#bytes.subarray(start, this.at));
  }

  /** Short text that is known to be plain ASCII, such as an address. */
  plain(text: string): void {
    const bytes = this.#bytes;
    const at = this.at;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.at = at + text.length;
  }

  /** source[start, end) as the inside of a JSON string, cut off (`clipped`) where it would be more than `most` bytes. */
  escaped(source: DataView, start: number, end: number, most: number): void {
    const view = this.#view;
    let at = this.at;
    let from = start;
    const last = at + most - ESCAPE_SIZE;
    while (from < end) {
      if (at > last) {
        this.clipped = true;
        break;
      }
      if (end - from >= 4) {
        const four = source.getInt32(from, true);
        if (allPlain(four)) {
          view.setInt32(at, four, true);
          from += 4;
          at += 4;
          continue;
        }
      }
      const byte = source.getUint8(from++);
      if (PLAIN[byte] === 1) {
        view.setUint8(at++, byte);
        continue;
      }
      view.setUint32(at, 0x5c753030);
      view.setUint8(at + 4, HEX[byte >> 4]!);
      view.setUint8(at + 5, HEX[byte & 15]!);
      at += ESCAPE_SIZE;
    }
    this.at = at;
  }

  /** A whole number, 0 … 2^53 − 1, as so many lower-case hexadecimal digits. */
  hexadecimal(value: number, digits: number): void {
    const bytes = this.#bytes;
    const start = this.at;
    this.at = start + digits;
    // In two halves: bit operations know 32 bits.
    let low = value >>> 0;
    let high = Math.floor(value / 2 ** 32);
    for (let at = this.at - 1; at >= start; at--) {
      bytes[at] = HEX[low & 15]!;
      low = (low >>> 4) | ((high & 15) << 28);
      high >>>= 4;
    }
  }

  /** A whole number, 0 … 2^53 − 1. */
  integer(value: number): void {
    if (value < 1e9) {
      this.#digits(value, digitsOf(value));
      return;
    }
    const high = Math.floor(value / 1e9);
    this.#digits(high, digitsOf(high));
    this.#digits(value - high * 1e9, 9);
  }

  /** Milliseconds, >= 0, with three decimals. */
  milliseconds(value: number): void {
    const micros = Math.round(value * 1_000);
    const whole = Math.floor(micros / 1_000);
    this.integer(whole);
    this.#bytes[this.at++] = 0x2e;
    this.#digits(micros - whole * 1_000, 3);
  }

  /** Unix milliseconds as 2026-01-31T23:59:59.999Z. */
  time(wallTime: number): void {
    const second = Math.floor(wallTime / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = asciiSegment(new Date(second * 1_000).toISOString().slice(0, 20));
    }
    this.segment(this.#secondText);
    this.#digits(Math.floor(wallTime - second * 1_000), 3);
    this.#bytes[this.at++] = 0x5a;
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    const start = this.at;
    this.at = start + count;
    for (let at = start + count - 1; at >= start; at--) {
      const rest = (value / 10) | 0;
      bytes[at] = 0x30 + value - rest * 10;
      value = rest;
    }
  }
}

/**
 * Whether all four bytes of a word are plain. Each difference or sum sets a byte's top bit if that byte is what is looked
 * for; it borrows from or carries to the next byte only when it is.
 */
function allPlain(four: number): boolean {
  const quote = (four ^ 0x22222222) - 0x01010101;
  const backslash = (four ^ 0x5c5c5c5c) - 0x01010101;
  const control = four - 0x20202020;
  const del = four + 0x01010101;
  return ((four | quote | backslash | control | del) & 0x80808080) === 0;
}

/** Decimal digits of 0 … 10^10 − 1. */
function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; bound <= value; bound *= 10) digits++;
  return digits;
}
