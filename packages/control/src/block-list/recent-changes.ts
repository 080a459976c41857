import type { BlockListPosition } from '@evenkeel/model/plan/block-list.ts';
import type { BlockListChange } from './persistence.ts';

/** Bytes of changes that are kept for agents that lag behind; one that lacks more gets everything. */
const KEPT = 8 * 1_048_576;
/** What is left of them when there are more. */
const KEPT_THEN = 7 * 1_048_576;
/** What a change takes besides its entries: most are of a single source. */
const OVERHEAD = 256;

/** The newest changes of all block lists, in order of their versions. */
export class RecentChanges {
  #changes: BlockListChange[] = [];
  #bytes = 0;

  get size(): number {
    return this.#changes.length;
  }

  add(change: BlockListChange): void {
    this.#changes.push(change);
    this.#bytes += sizeOf(change);
    if (this.#bytes <= KEPT) return;
    // Many at a time: each time all that are left are moved.
    let gone = 0;
    while (this.#bytes > KEPT_THEN && gone < this.#changes.length) this.#bytes -= sizeOf(this.#changes[gone++]!);
    this.#changes.splice(0, gone);
  }

  clear(): void {
    this.#changes = [];
    this.#bytes = 0;
  }

  /** The change behind a position; null: that is not known any more, is of another history, or is the newest. */
  behind({ version, nonce }: BlockListPosition): BlockListChange | null {
    let from = 0;
    let to = this.#changes.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#changes[middle]!.version < version) from = middle + 1;
      else to = middle;
    }
    const found = this.#changes[from];
    return found?.version === version && found.nonce === nonce ? (this.#changes[from + 1] ?? null) : null;
  }
}

function sizeOf({ entries, reason }: BlockListChange): number {
  return entries.length + 2 * reason.length + OVERHEAD;
}
