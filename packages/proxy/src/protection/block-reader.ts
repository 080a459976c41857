import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { PrefixTable } from '@evenkeel/model/block-list/prefix-table.ts';
import type { IpAddress } from '../source-address/ip-address.ts';

const SECOND = 1_000;

/**
 * The block list of a tenant as workers read it, in memory that the node agent's thread writes. What is over is over by
 * the clock alone. A look-up makes no object, and takes one or two reads of memory for each length of prefix in the list.
 */
export class BlockReader {
  readonly #v4: PrefixTable;
  readonly #v6: PrefixTable;
  readonly #now: () => number;
  readonly #word = new Uint32Array(1);
  readonly #words = new Uint32Array(4);

  /** `now`: milliseconds since 1970. */
  constructor({ v4, v6 }: BlockTableMemory, now: () => number = Date.now) {
    this.#v4 = new PrefixTable(v4);
    this.#v6 = new PrefixTable(v6);
    this.#now = now;
  }

  has({ family, v4, groups }: IpAddress): boolean {
    const now = Math.floor(this.#now() / SECOND);
    if (family === 4) {
      this.#word[0] = v4;
      return this.#v4.covering(this.#word, now) >= 0;
    }
    for (let i = 0; i < 4; i++) this.#words[i] = groups[2 * i]! * 65_536 + groups[2 * i + 1]!;
    return family === 6 && this.#v6.covering(this.#words, now) >= 0;
  }
}
