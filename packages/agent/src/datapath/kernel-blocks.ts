import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { BlockTable, type BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { readEntries } from '@evenkeel/model/block-list/entries.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { isOfInstallation } from '@evenkeel/model/plan/block-list.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import { type FollowedList, type KernelLists, prefixesIn } from './listed-sources.ts';

/** Entries that are written in one go, about a millisecond; between two of them the thread does other things. */
const AT_ONCE = 256;
/** What takes about as long as one of them: so many slots that need nothing. */
const LOOKS = 64;
/** Milliseconds after which lists that could not be brought into the kernel are tried again. */
const RETRY = 5_000;

export interface KernelBlocksOptions {
  /** The block lists of tenants. */
  readonly blocked: KernelLists;
  /** The deny list of the installation. */
  readonly denied: KernelLists;
  readonly clock: Clock;
  readonly log: Logger;
}

interface List extends FollowedList {
  readonly kernel: KernelLists;
}

/**
 * Block lists and the deny list in the kernel, as they are in memory. There the longest prefix alone decides: it has to have
 * the end of all networks that contain it. So what changes is written at once, and what is in a network that has changed,
 * after that. The kernel's own maps are gone through when a list lies elsewhere alone, once for all lists of which that is
 * true.
 */
export class KernelBlocks {
  readonly #options: KernelBlocksOptions;
  readonly #lists = new Map<string, List>();
  /** Lists of which the kernel may have anything. */
  #unknown = new Set<string>();
  /** What has changed by list, and is to be written with all that is in it. */
  #changed = new Map<string, BlockTable>();
  #running: Promise<void> | null = null;
  #retry: Timer | null = null;
  #closed = false;

  constructor(options: KernelBlocksOptions) {
    this.#options = options;
  }

  /** What memory has under this name, which is a tenant or a part of the deny list, lies here. */
  follow(name: string, memory: BlockTableMemory): void {
    const kernel = this.#kindOf(name);
    const listName = kernel.listOf(name);
    const list = this.#lists.get(listName) ?? { name: listName, kernel, parts: new Map() };
    list.parts.set(name, prefixesIn(memory));
    this.#lists.set(listName, list);
    this.#unknown.add(listName);
    this.#start();
  }

  /** These packed changes have been made in the memory of that name. */
  changed(name: string, entries: Uint8Array): void {
    const list = this.#lists.get(this.#kindOf(name).listOf(name));
    if (this.#closed || list === undefined) return;
    if (this.#unknown.has(list.name)) return; // all of it is to be written
    let written = 0;
    readEntries(entries, (key, length) => {
      const isWritten = ++written <= AT_ONCE;
      if (isWritten && !this.#write(list, key, length)) this.#unknown.add(list.name);
      if (!isWritten || length < 32 * key.length) this.#changesOf(list).put(key, length, FOR_EVER, 0);
    });
    if (this.#unknown.size > 0 || this.#changed.size > 0) this.#start();
  }

  /** Resolves when the kernel has what memory has, or has failed to. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  #kindOf(name: string): KernelLists {
    return isOfInstallation(name) ? this.#options.denied : this.#options.blocked;
  }

  #changesOf({ name, parts }: List): BlockTable {
    const { seed } = parts.values().next().value![4].memory;
    const changes = this.#changed.get(name) ?? new BlockTable({ seed, isShared: false });
    this.#changed.set(name, changes);
    return changes;
  }

  #start(): void {
    if (this.#closed) return;
    this.#retry?.cancel();
    this.#retry = null;
    this.#running ??= this.#bringIn()
      .catch((error) => {
        this.#options.log.error({ err: error }, 'block lists could not be brought into the kernel; it is tried again');
        this.#retry = this.#options.clock.setTimer(RETRY, () => this.#start());
      })
      .finally(() => {
        this.#running = null;
      });
  }

  async #bringIn(): Promise<void> {
    // Lists that come together are gone through together.
    await turnOfOthers();
    while (!this.#closed && this.#unknown.size + this.#changed.size > 0) {
      const unknown = this.#unknown;
      const changed = this.#changed;
      this.#unknown = new Set();
      this.#changed = new Map();
      try {
        for (const [name, changes] of changed) {
          if (unknown.has(name)) continue; // all of it is written
          const missed = await this.#inTurns(this.#writeChanges(this.#lists.get(name)!, changes));
          if (missed > 0) unknown.add(name);
        }
        if (unknown.size > 0) await this.#bringInAll([...unknown].map((name) => this.#lists.get(name)!));
      } catch (error) {
        // How far it has come is not known.
        for (const name of [...unknown, ...changed.keys()]) this.#unknown.add(name);
        throw error;
      }
    }
  }

  async #bringInAll(lists: readonly List[]): Promise<void> {
    const { log } = this.#options;
    for (const [kernel, ofKind] of Map.groupBy(lists, (list) => list.kernel)) {
      // What is over or gone makes room first.
      await this.#inTurns(this.#sweep(kernel, new Map(ofKind.map((list) => [list.name, list]))));
      if (this.#closed) return;
      kernel.begin();
      for (const list of ofKind) {
        const missed = await this.#inTurns(this.#writeAll(list, null));
        if (missed > 0) log.error({ list: list.name, missed }, 'the kernel has no room for all of a block list');
      }
    }
  }

  /** What has changed, and all that is in it. Returns how much had no room. */
  *#writeChanges(list: List, changes: BlockTable): Generator<void, number> {
    let missed = 0;
    for (const family of [4, 6] as const) {
      const table = changes.table(family);
      const key = new Uint32Array(table.memory.words);
      for (let slot = 0; slot < table.slots; slot++) {
        if (slot % AT_ONCE === AT_ONCE - 1) yield;
        const length = table.read(slot, key);
        if (length >= 0 && !this.#write(list, key, length)) missed++;
      }
    }
    if (changes.table(4).hasNetworks || changes.table(6).hasNetworks) missed += yield* this.#writeAll(list, changes);
    return missed;
  }

  /** Returns how much of it had no room. `within`: what is in none of these is as it should be; null: nothing may be. */
  *#writeAll(list: List, within: BlockTable | null): Generator<void, number> {
    let missed = 0;
    let work = 0;
    for (const table of [...list.parts.values()].flatMap((part) => [part[4], part[6]])) {
      const key = new Uint32Array(table.memory.words);
      for (let slot = 0; slot < table.slots; slot++) {
        const length = table.read(slot, key);
        const isMeant = length >= 0 && (within === null || this.#isWithin(list, within, key, length));
        if (isMeant && !this.#write(list, key, length)) missed++;
        work += isMeant ? LOOKS : 1;
        if (work < AT_ONCE * LOOKS) continue;
        work = 0;
        yield;
      }
    }
    return missed;
  }

  #isWithin({ kernel }: List, changes: BlockTable, key: Uint32Array, length: number): boolean {
    return kernel.inherits(key, length) && changes.table(key.length === 1 ? 4 : 6).latest(key, length) > 0;
  }

  /** Strikes out what these lists have not in memory any more, or what is over. */
  *#sweep(kernel: KernelLists, lists: ReadonlyMap<string, List>): Generator<void, void> {
    const now = this.#now;
    let seen = 0;
    // The walk goes on from the entry before, which has to be there until then.
    let last: (() => void) | null = null;
    for (const { list: name, words, length } of kernel.entries()) {
      last?.();
      const list = name === null ? undefined : lists.get(name);
      last =
        list !== undefined && kernel.isOver(list, words, length, now) ? () => this.#write(list, words, length) : null;
      if (++seen % AT_ONCE === 0) yield;
    }
    last?.();
  }

  /** Returns whether there was room for it. */
  #write(list: List, words: Uint32Array, length: number): boolean {
    try {
      list.kernel.write(list, words, length, this.#now);
      return true;
    } catch {
      return false;
    }
  }

  /** Carries out the steps, with a turn for others between two of them, until the maps are not ours any more. */
  async #inTurns(steps: Generator<void, number | void>): Promise<number> {
    while (!this.#closed) {
      const step = steps.next();
      if (step.done === true) return step.value ?? 0;
      await turnOfOthers();
    }
    return 0;
  }

  get #now(): number {
    return Math.floor(this.#options.clock.wallTime() / 1_000);
  }
}
