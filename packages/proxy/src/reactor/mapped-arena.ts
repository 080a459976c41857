import { arenaSize, CountedArena } from './counted-arena.ts';
import { Mapping } from './ffi/mapping.ts';

/** An arena whose memory the kernel may be given addresses of: offset x of `memory` is at `address + x`. */
export class MappedArena extends CountedArena {
  readonly address: number;
  readonly mapping: Mapping;

  constructor(ordinary: number, large: number) {
    const mapping = Mapping.anonymous(arenaSize(ordinary, large));
    super(ordinary, large, mapping.bytes);
    this.address = mapping.address;
    this.mapping = mapping;
  }

  /** Has the system provide the pages of memory[start, end) now rather than at their first use. */
  populate(start: number, end: number): void {
    this.mapping.populate(start, end);
  }

  /** Gives the memory back to the system; it must not be used any more. */
  discard(): void {
    this.mapping.discard();
  }
}
