import { brotliCompressSync, constants, crc32, deflateRawSync } from 'node:zlib';
import { Coding } from './accepted-coding.ts';

/**
 * Speed counts more than the last percent: everything is compressed on the thread that carries traffic. A window of
 * 16 KiB covers a piece, which is all that is ever seen at once.
 */
const GZIP = { level: 4, windowBits: 14, memLevel: 8, finishFlush: constants.Z_SYNC_FLUSH };
const STORED = { ...GZIP, level: 0 };
const BROTLI_QUALITY = 4;
const BROTLI_WINDOW = 16;

/** Magic, deflate, no flags, no time, no hint, unknown system (RFC 1952 section 2.3.1). */
const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** An empty block that is the last one (RFC 1951 section 3.2.3, fixed codes). */
const LAST_BLOCK = Uint8Array.of(3, 0);

/** A whole body at once. */
export function compressWhole(coding: Coding, body: Uint8Array): Uint8Array {
  if (coding === Coding.brotli) {
    return brotliCompressSync(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    });
  }
  const stream = new GzipStream();
  return Buffer.concat([stream.piece(body, true), stream.end()]);
}

/**
 * A body in gzip, piece by piece. Each piece is compressed for itself and ends on a byte, so that the stream keeps no
 * state but a checksum and a length: any number of them costs no memory, and one that is given up leaves nothing.
 */
export class GzipStream {
  #begun = false;
  #checksum = 0;
  #length = 0;

  /** `squeeze`: whether there is time for it; otherwise the bytes are stored as they are. */
  piece(bytes: Uint8Array, squeeze: boolean): Uint8Array {
    this.#checksum = crc32(bytes, this.#checksum);
    this.#length += bytes.length;
    const blocks = deflateRawSync(bytes, squeeze ? GZIP : STORED);
    if (this.#begun) return blocks;
    this.#begun = true;
    return Buffer.concat([HEAD, blocks]);
  }

  end(): Uint8Array {
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(this.#checksum >>> 0, 0);
    tail.writeUInt32LE(this.#length % 2 ** 32, 4);
    return Buffer.concat([this.#begun ? LAST_BLOCK : Buffer.concat([HEAD, LAST_BLOCK]), tail]);
  }
}
