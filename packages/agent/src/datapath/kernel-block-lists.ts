import { type BlockedSources, listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { type FollowedList, type KernelLists, tableFor } from './listed-sources.ts';

/**
 * The block lists of tenants, which have one map of the kernel together. There the longest prefix alone decides: it has to
 * have the end of all that contain it.
 */
export class KernelBlockLists implements KernelLists {
  readonly #sources: BlockedSources;
  readonly #look: () => void;
  readonly #keys = new Map<string, Buffer>();
  /** By key in hexadecimal. */
  readonly #names = new Map<string, string>();

  /** `look`: programs look at them from then on. */
  constructor(sources: BlockedSources, look: () => void) {
    this.#sources = sources;
    this.#look = look;
  }

  listOf(name: string): string {
    if (!this.#keys.has(name)) {
      const key = listKey(name);
      this.#keys.set(name, key);
      this.#names.set(key.toString('hex'), name);
    }
    return name;
  }

  begin(): void {
    this.#look();
  }

  *entries() {
    for (const { list, words, length } of this.#sources.entries()) {
      yield { list: this.#names.get(list.toString('hex')) ?? null, words, length };
    }
  }

  isOver(list: FollowedList, words: Uint32Array, length: number, now: number): boolean {
    return endOf(list, words, length) <= now;
  }

  write(list: FollowedList, words: Uint32Array, length: number, now: number): void {
    const until = endOf(list, words, length);
    const key = this.#keys.get(list.name)!;
    if (until <= now) this.#sources.delete(key, words, length);
    else this.#sources.set(key, words, length, until === FOR_EVER ? null : until - now);
  }

  inherits(): boolean {
    return true;
  }
}

function endOf({ parts }: FollowedList, words: Uint32Array, length: number): number {
  let latest = 0;
  for (const prefixes of parts.values()) latest = Math.max(latest, tableFor(prefixes, words).latest(words, length));
  return latest;
}
