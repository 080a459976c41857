import { arenaSize, CountedArena } from './counted-arena.ts';
import { Mapping } from './ffi/mapping.ts';

/** An arena whose memory the kernel may be given addresses of: offset x of `memory` is at `address + x`. */
export class MappedArena extends CountedArena {
  readonly address: number;
  readonly #mapping: Mapping;

  constructor(capacity: number) {
    const mapping = Mapping.anonymous(arenaSize(capacity));
    super(capacity, mapping.bytes);
    this.address = mapping.address;
    this.#mapping = mapping;
  }

  /** Gives the memory back to the system; it must not be used any more. */
  discard(): void {
    this.#mapping.discard();
  }
}
