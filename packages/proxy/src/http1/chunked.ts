import { COLON, CR, FIELD_VALUE, HEX, HTAB, LF, SEMICOLON, SP, TOKEN_LOWER } from './characters.ts';

/** Bytes of chunk extensions and trailers that one message may carry. */
const MAX_EXTRA = 16 * 1024;

const State = {
  size: 0,
  sizeMore: 1,
  extension: 2,
  sizeLf: 3,
  data: 4,
  dataCr: 5,
  dataLf: 6,
  trailerStart: 7,
  trailerName: 8,
  trailerValue: 9,
  trailerLf: 10,
  lastLf: 11,
} as const;

/**
 * Fields that say where a message ends or where it goes, which no trailer may (RFC 9110 section 6.5.1): a target that
 * treats trailers like fields of the head would read another message than the proxy. Known by a hash of the name, so that
 * none of it has to be kept; of all other names, one in a billion is refused with them.
 */
const REFUSED_TRAILERS: readonly number[] = ['content-length', 'transfer-encoding', 'host'].map((name) => {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = extendHash(hash, name.charCodeAt(i));
  return hash;
});

function extendHash(hash: number, byte: number): number {
  return ((Math.imul(hash, 0x01000193) ^ byte) + 1) | 0;
}

/**
 * Finds its way through a body in chunked transfer coding (RFC 9112 section 7.1), piece by piece and strictly: hexadecimal
 * digits without white space, CRLF and nothing else as line end, bounded extensions and trailers.
 */
export class ChunkedReader {
  done = false;
  failed = false;
  /** The chunk data in what the last `next` consumed; empty when equal. */
  dataStart = 0;
  dataEnd = 0;
  /** Bytes of chunk data that have been announced so far. */
  announced = 0;
  #state: number = State.size;
  /** Bytes of chunk data still to come. */
  #remaining = 0;
  #digits = 0;
  #extra = 0;
  #trailerHash = 0;

  reset(): void {
    this.done = false;
    this.failed = false;
    this.announced = 0;
    this.#state = State.size;
    this.#remaining = 0;
    this.#digits = 0;
    this.#extra = 0;
  }

  /** Consumes memory[at, end) and returns the offset behind the last byte that belongs to the body. */
  skip(memory: Uint8Array, at: number, end: number): number {
    while (at < end && !this.done && !this.failed) at = this.next(memory, at, end);
    return at;
  }

  /** Like `skip`, but stops behind each run of chunk data, which `dataStart` and `dataEnd` tell. */
  next(memory: Uint8Array, at: number, end: number): number {
    this.dataStart = 0;
    this.dataEnd = 0;
    while (at < end) {
      if (this.#state === State.data) {
        const length = Math.min(this.#remaining, end - at);
        this.dataStart = at;
        this.dataEnd = at + length;
        this.#remaining -= length;
        if (this.#remaining === 0) this.#state = State.dataCr;
        return at + length;
      }
      this.#byte(memory[at]!);
      at++;
      if (this.failed || this.done) return at;
    }
    return at;
  }

  /** One byte of framing. */
  #byte(byte: number): void {
    switch (this.#state) {
      case State.size:
        this.#remaining = HEX[byte]!;
        this.#digits = 1;
        if (this.#remaining > 15) this.failed = true;
        this.#state = State.sizeMore;
        return;
      case State.sizeMore:
        if (HEX[byte]! <= 15) {
          // 12 digits are 2^48 bytes; exact as a number.
          if (++this.#digits > 12) this.failed = true;
          this.#remaining = this.#remaining * 16 + HEX[byte]!;
        } else if (byte === CR) this.#state = State.sizeLf;
        else if (byte === SEMICOLON) this.#state = State.extension;
        else this.failed = true;
        return;
      case State.extension:
        if (byte === CR) this.#state = State.sizeLf;
        else this.#countExtra(FIELD_VALUE[byte] === 1);
        return;
      case State.sizeLf:
        if (byte !== LF) this.failed = true;
        this.announced += this.#remaining;
        this.#state = this.#remaining === 0 ? State.trailerStart : State.data;
        return;
      case State.dataCr:
        if (byte !== CR) this.failed = true;
        this.#state = State.dataLf;
        return;
      case State.dataLf:
        if (byte !== LF) this.failed = true;
        this.#state = State.size;
        return;
      case State.trailerStart:
        if (byte === CR) {
          this.#state = State.lastLf;
        } else {
          this.#countExtra(TOKEN_LOWER[byte] !== 0);
          this.#trailerHash = extendHash(0, TOKEN_LOWER[byte]!);
          this.#state = State.trailerName;
        }
        return;
      case State.trailerName:
        if (byte === COLON) {
          if (REFUSED_TRAILERS.includes(this.#trailerHash)) this.failed = true;
          this.#state = State.trailerValue;
        } else {
          this.#countExtra(TOKEN_LOWER[byte] !== 0);
          this.#trailerHash = extendHash(this.#trailerHash, TOKEN_LOWER[byte]!);
        }
        return;
      case State.trailerValue:
        if (byte === CR) this.#state = State.trailerLf;
        else this.#countExtra(FIELD_VALUE[byte] === 1 || byte === SP || byte === HTAB);
        return;
      case State.trailerLf:
        if (byte !== LF) this.failed = true;
        this.#state = State.trailerStart;
        return;
      case State.lastLf:
        if (byte !== LF) this.failed = true;
        this.done = !this.failed;
        return;
    }
  }

  #countExtra(allowed: boolean): void {
    if (!allowed || ++this.#extra > MAX_EXTRA) this.failed = true;
  }
}
