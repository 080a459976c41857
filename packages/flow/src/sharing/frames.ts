/** What nodes tell each other: a length of 4 bytes, a kind of 1, and the content. */
export const FRAME_KINDS = {
  numbers: 1,
  table: 2,
  flows: 3,
  /** All tables and flows that were there when the peer connected have been told; no content. */
  told: 4,
  /** Says nothing but that the node lives; no content. */
  alive: 5,
  /** A table with the ages of its slots, for peers that have said that they hear it. */
  agedTable: 6,
} as const;
export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

export interface Frame {
  readonly kind: number;
  readonly content: Buffer;
}

const HEAD_BYTES = 5;
/** A table is the longest, 256 KiB; the names of 32,767 targets may be more. */
export const LONGEST_CONTENT = 8 * 1024 * 1024;

export function encodeFrame(kind: FrameKind, content: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(content.length, 0);
  head[4] = kind;
  return Buffer.concat([head, content]);
}

/** Cuts a stream of bytes into frames. Throws on one that is longer than any could be. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #length = 0;

  *read(piece: Buffer): Generator<Frame> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    for (;;) {
      if (this.#length < HEAD_BYTES) return;
      const head = this.#peek(HEAD_BYTES);
      const length = head.readUInt32LE(0);
      if (length > LONGEST_CONTENT) throw new RangeError(`a frame of ${length} bytes; ${LONGEST_CONTENT} at most`);
      if (this.#length < HEAD_BYTES + length) return;
      const whole = this.#peek(HEAD_BYTES + length);
      yield { kind: whole[4]!, content: whole.subarray(HEAD_BYTES, HEAD_BYTES + length) };
      this.#pieces = [whole.subarray(HEAD_BYTES + length)];
      this.#length -= HEAD_BYTES + length;
    }
  }

  /** The first piece, made to hold this many bytes at least. Pieces are joined only once they are enough. */
  #peek(bytes: number): Buffer {
    if (this.#pieces[0]!.length < bytes) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!;
  }
}
