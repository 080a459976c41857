import { ChunkedReader } from './chunked.ts';

export const BodyKind = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;
export type BodyKind = (typeof BodyKind)[keyof typeof BodyKind];

/** Where the body of one message ends (RFC 9112 section 6.3). */
export class Body {
  kind: BodyKind = BodyKind.none;
  /** The whole body has been consumed. */
  done = true;
  /** Its framing is broken. */
  failed = false;
  /** Bytes of content that are known to come: all of them, or those of the chunks that have begun. */
  announced = 0;
  #remaining = 0;
  #chunked: ChunkedReader | null = null;

  startNone(): void {
    this.announced = 0;
    this.kind = BodyKind.none;
    this.done = true;
    this.failed = false;
  }

  startLength(length: number): void {
    this.kind = BodyKind.length;
    this.#remaining = length;
    this.announced = length;
    this.done = length === 0;
    this.failed = false;
  }

  startChunked(): void {
    this.kind = BodyKind.chunked;
    this.#chunked ??= new ChunkedReader();
    this.#chunked.reset();
    this.announced = 0;
    this.done = false;
    this.failed = false;
  }

  /** As the head of a request has it. */
  startRequest({ chunked, contentLength }: { readonly chunked: boolean; readonly contentLength: number }): void {
    if (chunked) this.startChunked();
    else if (contentLength > 0) this.startLength(contentLength);
    else this.startNone();
  }

  startUntilClose(): void {
    this.kind = BodyKind.untilClose;
    this.done = false;
    this.failed = false;
  }

  /** The reader of a chunked body, for taking the framing off. */
  get chunks(): ChunkedReader {
    if (this.#chunked === null) throw new Error('the body is not chunked');
    return this.#chunked;
  }

  /** Consumes memory[start, end) and returns the offset behind the last byte that belongs to the body. */
  consume(memory: Uint8Array, start: number, end: number): number {
    switch (this.kind) {
      case BodyKind.none:
        return start;
      case BodyKind.length: {
        const length = Math.min(this.#remaining, end - start);
        this.#remaining -= length;
        this.done = this.#remaining === 0;
        return start + length;
      }
      case BodyKind.chunked: {
        const at = this.chunks.skip(memory, start, end);
        this.takeChunkState();
        return at;
      }
      case BodyKind.untilClose:
        return end;
    }
  }

  /** Takes over what the chunk reader has found, after its `next` was called directly. */
  takeChunkState(): void {
    this.announced = this.chunks.announced;
    this.done = this.chunks.done;
    this.failed = this.chunks.failed;
  }
}
