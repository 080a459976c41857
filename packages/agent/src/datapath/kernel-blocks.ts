import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { type BlockedSources, listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import { BlockTable, type BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { readEntries } from '@evenkeel/model/block-list/entries.ts';
import { FOR_EVER, PrefixTable } from '@evenkeel/model/block-list/prefix-table.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';

/** Entries that are written in one go, about a millisecond; between two of them the thread does other things. */
const AT_ONCE = 256;
/** What takes about as long as one of them: so many slots that need nothing. */
const LOOKS = 64;
/** Milliseconds after which lists that could not be brought into the kernel are tried again. */
const RETRY = 5_000;

export interface KernelBlocksOptions {
  readonly sources: BlockedSources;
  /** Whether programs look at all. */
  readonly look: (on: boolean) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface List {
  readonly tenantId: string;
  readonly key: Buffer;
  readonly tables: { readonly 4: PrefixTable; readonly 6: PrefixTable };
}

/**
 * The block lists in the kernel, as they are in memory. There the longest prefix alone decides: it has to have the end of
 * all networks that contain it. So what changes is written at once, and what is in a network that has changed, after
 * that. The kernel's own map is gone through when a list lies elsewhere alone, once for all lists of which that is true.
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

  /** The list of a tenant lies here. */
  follow(tenantId: string, { v4, v6 }: BlockTableMemory): void {
    const tables = { 4: new PrefixTable(v4), 6: new PrefixTable(v6) };
    this.#lists.set(tenantId, { tenantId, key: listKey(tenantId), tables });
    this.#unknown.add(tenantId);
    this.#start();
  }

  /** These packed changes have been made in the memory of a list. */
  changed(tenantId: string, entries: Uint8Array): void {
    const list = this.#lists.get(tenantId);
    if (this.#closed || list === undefined) return;
    if (this.#unknown.has(tenantId)) return; // all of it is to be written
    let written = 0;
    readEntries(entries, (key, length) => {
      const isWritten = ++written <= AT_ONCE;
      if (isWritten && !this.#write(list, key, length)) this.#unknown.add(tenantId);
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

  #changesOf({ tenantId, tables }: List): BlockTable {
    const { seed } = tables[4].memory;
    const changes = this.#changed.get(tenantId) ?? new BlockTable({ seed, isShared: false });
    this.#changed.set(tenantId, changes);
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
        for (const [tenantId, changes] of changed) {
          if (unknown.has(tenantId)) continue; // all of it is written
          const missed = await this.#inTurns(this.#writeChanges(this.#lists.get(tenantId)!, changes));
          if (missed > 0) unknown.add(tenantId);
        }
        if (unknown.size > 0) await this.#bringInAll([...unknown].map((tenantId) => this.#lists.get(tenantId)!));
      } catch (error) {
        // How far it has come is not known.
        for (const tenantId of [...unknown, ...changed.keys()]) this.#unknown.add(tenantId);
        throw error;
      }
    }
  }

  async #bringInAll(lists: readonly List[]): Promise<void> {
    const { log, look } = this.#options;
    // What is over or gone makes room first.
    await this.#inTurns(this.#sweep(new Map(lists.map((list) => [list.key.toString('hex'), list]))));
    if (this.#closed) return;
    look(true);
    for (const list of lists) {
      const missed = await this.#inTurns(this.#writeAll(list, null));
      if (missed > 0) log.error({ tenantId: list.tenantId, missed }, 'the kernel has no room for all of a block list');
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
    if (hasNetworks(changes.table(4)) || hasNetworks(changes.table(6))) missed += yield* this.#writeAll(list, changes);
    return missed;
  }

  /** Returns how much of it had no room. `within`: what is in none of these is as it should be; null: nothing may be. */
  *#writeAll(list: List, within: BlockTable | null): Generator<void, number> {
    let missed = 0;
    let work = 0;
    for (const family of [4, 6] as const) {
      const table = list.tables[family];
      const key = new Uint32Array(table.memory.words);
      for (let slot = 0; slot < table.slots; slot++) {
        const length = table.read(slot, key);
        const isMeant = length >= 0 && (within === null || within.table(family).latest(key, length) > 0);
        if (isMeant && !this.#write(list, key, length)) missed++;
        work += isMeant ? LOOKS : 1;
        if (work < AT_ONCE * LOOKS) continue;
        work = 0;
        yield;
      }
    }
    return missed;
  }

  /** Strikes out what these lists have not in memory any more, or what is over. */
  *#sweep(lists: ReadonlyMap<string, List>): Generator<void, void> {
    const now = this.#now;
    let seen = 0;
    // The walk goes on from the entry before, which has to be there until then.
    let last: (() => void) | null = null;
    for (const { list: key, words, length } of this.#options.sources.entries()) {
      last?.();
      const list = lists.get(key.toString('hex'));
      const isGone = list !== undefined && tableOf(list, words).latest(words, length) <= now;
      last = isGone ? () => this.#write(list, words, length) : null;
      if (++seen % AT_ONCE === 0) yield;
    }
    last?.();
  }

  /** Returns whether there was room for it. */
  #write(list: List, words: Uint32Array, length: number): boolean {
    const { sources } = this.#options;
    const until = tableOf(list, words).latest(words, length);
    const left = until - this.#now;
    try {
      if (left <= 0) sources.delete(list.key, words, length);
      else sources.set(list.key, words, length, until === FOR_EVER ? null : left);
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

function tableOf({ tables }: List, words: Uint32Array): PrefixTable {
  return words.length === 1 ? tables[4] : tables[6];
}

function hasNetworks({ memory: { words, present } }: PrefixTable): boolean {
  return present.some((bits, i) => (i < words ? bits !== 0 : false));
}
