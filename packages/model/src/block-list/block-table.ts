import { GONE, PrefixTable, type PrefixTableMemory } from './prefix-table.ts';

/** What the tables of one block list lie in. */
export interface BlockTableMemory {
  readonly v4: PrefixTableMemory;
  readonly v6: PrefixTableMemory;
}

export interface BlockTableOptions {
  /** 32 bits. */
  readonly seed: number;
  /** Whether threads share the memory. */
  readonly isShared: boolean;
}

/** The prefixes of one block list, of both families, as its only writer has them. */
export class BlockTable {
  readonly #options: BlockTableOptions;
  #v4: PrefixTable;
  #v6: PrefixTable;

  constructor(options: BlockTableOptions) {
    this.#options = options;
    this.#v4 = PrefixTable.withRoom(1, 0, options.seed, options.isShared);
    this.#v6 = PrefixTable.withRoom(4, 0, options.seed, options.isShared);
  }

  /** Another object after the tables were made anew: whoever reads them has to be given it. */
  get memory(): BlockTableMemory {
    return { v4: this.#v4.memory, v6: this.#v6.memory };
  }

  table(family: 4 | 6): PrefixTable {
    return family === 4 ? this.#v4 : this.#v6;
  }

  /**
   * Puts a prefix in; `now` in seconds since 1970. Returns whether a table was made anew because it was full: larger, and
   * without what is over. `moved` is told of each prefix that is in another slot then.
   */
  put(
    key: Uint32Array,
    length: number,
    until: number,
    now: number,
    moved?: (from: number, to: number) => void,
  ): boolean {
    const family = key.length === 1 ? 4 : 6;
    let isNew = false;
    if (!this.table(family).hasRoom) {
      if (until === GONE && this.table(family).find(key, length) < 0) return false;
      this.#renew(family, now, moved);
      isNew = true;
    }
    this.table(family).put(key, length, until);
    return isNew;
  }

  /** Prefixes whose time is not over. Walks the tables. */
  count(now: number): number {
    return this.#v4.count(now) + this.#v6.count(now);
  }

  /** Makes room: what is over leaves, and the table has room for twice as many as are left. */
  #renew(family: 4 | 6, now: number, moved?: (from: number, to: number) => void): void {
    const old = this.table(family);
    const { until, words } = old.memory;
    const live = old.count(now);
    const { seed, isShared } = this.#options;
    const renewed = PrefixTable.withRoom(words, Math.max(64, Math.ceil(live * 1.5)), seed, isShared);
    const key = new Uint32Array(words);
    for (let slot = 0; slot < old.slots; slot++) {
      if (until[slot]! <= now) continue;
      const length = old.read(slot, key);
      const to = renewed.put(key, length, until[slot]!);
      moved?.(slot, to);
    }
    if (family === 4) this.#v4 = renewed;
    else this.#v6 = renewed;
  }
}
