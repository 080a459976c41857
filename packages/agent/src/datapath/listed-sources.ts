import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { PrefixTable } from '@evenkeel/model/block-list/prefix-table.ts';

/** Where prefixes lie in memory, of both families. */
export interface Prefixes {
  readonly 4: PrefixTable;
  readonly 6: PrefixTable;
}

/** A list that the kernel is to have, as it is in memory. */
export interface FollowedList {
  readonly name: string;
  /** By the names that it came under: the deny list is two in memory, and one in the kernel. */
  readonly parts: Map<string, Prefixes>;
}

/** How the kernel has lists of one kind. `now`: seconds since 1970. */
export interface KernelLists {
  /** The list that memory of this name belongs to. */
  listOf(name: string): string;
  /** Programs look at them from now on. */
  begin(): void;
  /** Everything that is there; null: of a list that is not known here. `words` is another array each time. */
  entries(): Iterable<{ readonly list: string | null; readonly words: Uint32Array; readonly length: number }>;
  /** Whether memory has nothing (any more) that the kernel should have for a prefix. */
  isOver(list: FollowedList, words: Uint32Array, length: number, now: number): boolean;
  /** Brings one prefix into the kernel, or out of it, as memory says. Throws when there is no room. */
  write(list: FollowedList, words: Uint32Array, length: number, now: number): void;
  /** Whether what the kernel says of a prefix depends on those that contain it. */
  inherits(words: Uint32Array, length: number): boolean;
}

export function prefixesIn({ v4, v6 }: BlockTableMemory): Prefixes {
  return { 4: new PrefixTable(v4), 6: new PrefixTable(v6) };
}

export function tableFor(prefixes: Prefixes, words: Uint32Array): PrefixTable {
  return prefixes[words.length === 1 ? 4 : 6];
}
