import { Mapping } from '../../reactor/ffi/mapping.ts';
import { BIO_free, BIO_new_mem_buf } from './openssl.ts';

const SCRATCH = 64 * 1024;

/** Memory with an address for what OpenSSL is told in passing; each use ends before the next one begins. */
export class NativeMemory {
  readonly #mapping = Mapping.anonymous(SCRATCH + 1);
  readonly bytes = new Uint8Array(this.#mapping.bytes);

  get address(): number {
    return this.#mapping.address;
  }

  /** An empty text. */
  get empty(): number {
    return this.#mapping.address + SCRATCH;
  }

  /** Has `use` called with the address of a copy of `bytes` that lives as long as the call. */
  with<T>(bytes: Uint8Array, use: (address: number, size: number) => T): T {
    if (bytes.length > SCRATCH) {
      const large = Mapping.anonymous(bytes.length);
      try {
        new Uint8Array(large.bytes).set(bytes);
        return use(large.address, bytes.length);
      } finally {
        new Uint8Array(large.bytes).fill(0);
        large.unmap();
      }
    }
    this.bytes.set(bytes);
    try {
      return use(this.address, bytes.length);
    } finally {
      // It may have been a key.
      this.bytes.fill(0, 0, bytes.length);
    }
  }

  /** The same with a BIO that reads the copy. */
  withPem<T>(text: Uint8Array, use: (bio: number) => T): T {
    return this.with(text, (address, size) => {
      const bio = BIO_new_mem_buf(address, size);
      try {
        return use(bio);
      } finally {
        BIO_free(bio);
      }
    });
  }
}

/** Memory with an address that keeps a copy of `bytes` for good. */
export function keepNative(bytes: Uint8Array): Mapping {
  const mapping = Mapping.anonymous(Math.max(1, bytes.length));
  new Uint8Array(mapping.bytes).set(bytes);
  return mapping;
}
