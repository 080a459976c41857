import { GONE, PrefixTable, type PrefixTableMemory } from './prefix-table.ts';

/** Slots that are moved in one go. */
const STEP = 16_384;

/** What the tables of one block list lie in. */
export interface BlockTableMemory {
  readonly v4: PrefixTableMemory;
  readonly v6: PrefixTableMemory;
}

/** Whether nothing was ever put in. */
export function isUnused({ v4, v6 }: BlockTableMemory): boolean {
  return [v4, v6].every(({ present }) => present.every((bits) => bits === 0));
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

  /** Whether nothing was ever put into the tables as they are. */
  get isUnused(): boolean {
    return isUnused(this.memory);
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
    // What is there needs no room, and what is to go and is not there, none either.
    if (!this.table(family).hasRoomFor(1) && this.table(family).find(key, length) < 0) {
      if (until === GONE) return false;
      for (const _ of this.#renew(family, 0, now, moved));
      isNew = true;
    }
    this.table(family).put(key, length, until);
    return isNew;
  }

  /**
   * The same for `more` prefixes that are to come, in steps of some milliseconds: between two of them others may have
   * the thread, as long as they put nothing in. Returns whether the table was made anew.
   */
  *makeRoom(family: 4 | 6, more: number, now: number): Generator<void, boolean> {
    if (this.table(family).hasRoomFor(more)) return false;
    yield* this.#renew(family, more, now);
    return true;
  }

  /** Prefixes whose time is not over. Walks the tables. */
  count(now: number): number {
    return this.#v4.count(now) + this.#v6.count(now);
  }

  /** What is over leaves, and the table has room for half as many again as are left and are to come. */
  *#renew(family: 4 | 6, more: number, now: number, moved?: (from: number, to: number) => void): Generator<void, void> {
    const old = this.table(family);
    const { until, words } = old.memory;
    const room = Math.max(64, Math.ceil((old.count(now) + more) * 1.5));
    const { seed, isShared } = this.#options;
    const renewed = PrefixTable.withRoom(words, room, seed, isShared);
    const key = new Uint32Array(words);
    for (let slot = 0; slot < old.slots; slot++) {
      if (slot % STEP === STEP - 1) yield;
      if (until[slot]! <= now) continue;
      const length = old.read(slot, key);
      const to = renewed.put(key, length, until[slot]!);
      moved?.(slot, to);
    }
    if (family === 4) this.#v4 = renewed;
    else this.#v6 = renewed;
  }
}
