import { type BlockedSources, listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { readEntries } from '@evenkeel/model/block-list/entries.ts';
import { FOR_EVER, PrefixTable } from '@evenkeel/model/block-list/prefix-table.ts';
import type { Logger } from 'pino';

/** Entries that are written in one go, some milliseconds; between two of them the thread does other things. */
const AT_ONCE = 1_000;

export interface KernelBlocksOptions {
  readonly sources: BlockedSources;
  /** Whether programs look at all. */
  readonly look: (on: boolean) => void;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly log: Logger;
}

interface List {
  readonly key: Buffer;
  readonly tables: { readonly 4: PrefixTable; readonly 6: PrefixTable };
}

/**
 * The block lists in the kernel, as they are in memory. Addresses by themselves are written as they change. A change of a
 * network has its list gone through as a whole, since in the kernel the longest prefix alone decides: it has to have the
 * end of all networks that contain it.
 */
export class KernelBlocks {
  readonly #options: KernelBlocksOptions;
  readonly #lists = new Map<string, List>();
  readonly #due = new Set<string>();
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(options: KernelBlocksOptions) {
    this.#options = options;
  }

  /** The list of a tenant lies here. */
  follow(tenantId: string, { v4, v6 }: BlockTableMemory): void {
    const tables = { 4: new PrefixTable(v4), 6: new PrefixTable(v6) };
    this.#lists.set(tenantId, { key: listKey(tenantId), tables });
    this.#reconcileLater(tenantId);
  }

  /** These packed changes have been made in the memory of a list. */
  changed(tenantId: string, entries: Uint8Array): void {
    const list = this.#lists.get(tenantId);
    if (list === undefined || this.#due.has(tenantId) || entries.length > AT_ONCE) {
      this.#reconcileLater(tenantId);
      return;
    }
    readEntries(entries, (key, length) => {
      if (length < 32 * key.length) this.#reconcileLater(tenantId);
      else if (!this.#write(list, key, length)) this.#reconcileLater(tenantId);
    });
  }

  /** Resolves when the kernel has what memory has. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  close(): void {
    this.#closed = true;
  }

  #reconcileLater(tenantId: string): void {
    this.#due.add(tenantId);
    this.#running ??= this.#reconcile()
      .catch((error) => this.#options.log.error({ err: error }, 'a block list could not be brought into the kernel'))
      .finally(() => {
        this.#running = null;
      });
  }

  async #reconcile(): Promise<void> {
    const { log, look } = this.#options;
    for (const tenantId of this.#due) {
      this.#due.delete(tenantId);
      const list = this.#lists.get(tenantId);
      if (list === undefined) continue;
      // What is over or gone makes room first.
      for await (const _ of this.#pauses(this.#sweep(list)));
      let missed = 0;
      for await (const wrote of this.#pauses(this.#writeAll(list))) if (!wrote) missed++;
      if (this.#closed) return;
      if (missed > 0) log.error({ tenantId, missed }, 'the kernel has no room for all of a block list');
      look(true);
    }
  }

  *#writeAll(list: List): Generator<boolean> {
    for (const table of [list.tables[4], list.tables[6]]) {
      const key = new Uint32Array(table.memory.words);
      for (let slot = 0; slot < table.slots; slot++) {
        const length = table.read(slot, key);
        if (length >= 0) yield this.#write(list, key, length);
      }
    }
  }

  /** Strikes out what is not in memory any more, or over. */
  *#sweep({ key, tables }: List): Generator<boolean> {
    const { sources } = this.#options;
    const now = this.#now;
    const gone: { words: Uint32Array; length: number }[] = [];
    for (const { list, words, length } of sources.entries()) {
      const table = words.length === 1 ? tables[4] : tables[6];
      if (list.equals(key) && table.latest(words, length) <= now) gone.push({ words, length });
      yield true;
    }
    for (const { words, length } of gone) {
      sources.delete(key, words, length);
      yield true;
    }
  }

  /** Returns whether there was room for it. */
  #write({ key, tables }: List, words: Uint32Array, length: number): boolean {
    const { sources } = this.#options;
    const until = (words.length === 1 ? tables[4] : tables[6]).latest(words, length);
    const left = until - this.#now;
    try {
      if (left <= 0) sources.delete(key, words, length);
      else sources.set(key, words, length, until === FOR_EVER ? null : left);
      return true;
    } catch {
      return false;
    }
  }

  /** The same with a turn for others now and then; ends when the maps are not ours any more. */
  async *#pauses<T>(steps: Generator<T>): AsyncGenerator<T> {
    let done = 0;
    for (const step of steps) {
      yield step;
      if (++done % AT_ONCE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#closed) return;
    }
  }

  get #now(): number {
    return Math.floor(this.#options.wallTime() / 1_000);
  }
}
