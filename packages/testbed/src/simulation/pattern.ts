import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';

const NOISE_SIZE = 65536;
const noise = makeNoise();

/**
 * Bytes that follow from a key and an offset, so that a byte that is lost, doubled, moved or another's is noticed where
 * it happens, without anybody keeping the stream.
 */
export function pattern(key: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const start = hash(key);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(start, offset + i);
  return bytes;
}

/** Compares a stream with the pattern of its key as it comes. */
export class PatternCheck {
  length = 0;
  /** Offset of the first byte that is wrong; -1 when none is. */
  wrongAt = -1;
  readonly #start: number;

  constructor(key: string) {
    this.#start = hash(key);
  }

  add(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && this.wrongAt < 0; i++) {
      if (bytes[i] !== byteAt(this.#start, this.length + i)) this.wrongAt = this.length + i;
    }
    this.length += bytes.length;
  }

  /** Null when the stream is what was sent and `length` bytes long; otherwise what is wrong with it. */
  fault(length: number): string | null {
    if (this.wrongAt >= 0) return `byte ${this.wrongAt} of ${this.length} is wrong`;
    return this.length === length ? null : `${this.length} bytes instead of ${length}`;
  }
}

/** A block is shifted against the one before it, so that the pattern does not repeat after `NOISE_SIZE`. */
function byteAt(start: number, offset: number): number {
  return noise[(start + offset + (offset >>> 16) * 7919) & (NOISE_SIZE - 1)] as number;
}

/** FNV-1a. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

function makeNoise(): Uint8Array {
  const random = new Random(20_260_101);
  return Uint8Array.from({ length: NOISE_SIZE }, () => random.uint32() & 0xff);
}
