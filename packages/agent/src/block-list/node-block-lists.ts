import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { EntryWriter, readEntries } from '@evenkeel/model/block-list/entries.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER, GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import {
  ALWAYS_ALLOWED,
  type BlockListMessage,
  type BlockListPosition,
  DENY_LISTS,
  NO_POSITION,
  PART_BYTES,
} from '@evenkeel/model/plan/block-list.ts';
import type { EngineChange } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import type { Clock } from '../clock/clock.ts';
import { BlockListFile, type BlockListPart } from './block-list-file.ts';

/** The file is written anew when it has twice as many entries as there are left, and so many besides. */
const SPARE = 65_536;
const IPV4_ENTRY = 10;
/** Milliseconds between two times that the engine is given what has been read from disk so far. */
const HANDING = 100;
/** Milliseconds between two tries to mend a file that could not be written. */
const MENDING = 60_000;

export interface NodeBlockListsOptions {
  readonly path: string;
  readonly engine: { apply(change: EngineChange): Promise<unknown> };
  /** Told of changes in memory that the engine has. */
  readonly changed?: (tenantId: string, entries: Uint8Array) => void;
  readonly clock: Clock;
  /** 0 … 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * The block lists of all tenants on this node, and the deny list of the installation: in memory that traffic workers
 * read, and in a file, so that they are in force before the control plane is reached. This thread alone writes them, one
 * part after the other.
 */
export class NodeBlockLists {
  readonly #options: NodeBlockListsOptions;
  readonly #file: BlockListFile;
  readonly #tables = new Map<string, BlockTable>();
  #position: BlockListPosition = NO_POSITION;
  /** Entries in the file. */
  #written = 0;
  /** With so many in the file, what is left of them is counted. */
  #countAt = SPARE;
  #nextMending = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: NodeBlockListsOptions) {
    this.#options = options;
    this.#file = new BlockListFile(options.path, options.log);
  }

  /** What is in force, for the control plane to go on from. */
  get position(): BlockListPosition {
    return this.#position;
  }

  /** Entries that are in force. Walks the tables. */
  get entries(): number {
    let entries = 0;
    for (const table of this.#tables.values()) entries += table.count(this.#now);
    // Those are nobody's entries.
    return this.#tables.has(DENY_LISTS.allowed) ? entries - ALWAYS_ALLOWED.length : entries;
  }

  /**
   * Brings what is on disk into force. Resolves when all of it is, or after `patience` milliseconds: the rest follows
   * while other things go on.
   */
  async load(patience: number): Promise<void> {
    const { clock, log } = this.#options;
    const late = Promise.withResolvers<'late'>();
    const timer = clock.setTimer(patience, () => late.resolve('late'));
    const reading = this.#inTurn(() => this.#read()).catch((error) => {
      log.error({ err: error }, 'the block lists on disk could not be brought into force');
    });
    if ((await Promise.race([reading, late.promise])) === 'late') {
      const { entries } = this;
      log.warn(
        { entries, patience },
        'a part of the block lists is in force; the rest follows while traffic is served',
      );
    }
    timer.cancel();
  }

  /** Resolves when all that was to be taken in until now is. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Takes a part in; resolves when workers judge by it. False: it is not what it should be, and is not in force. */
  take({ reset, position, tenantId, entries }: BlockListMessage): Promise<boolean> {
    return this.#inTurn(async () => {
      const part = { reset, position, tenantId, entries: Buffer.from(entries, 'base64') };
      const moved = new Set<string>();
      if (!(await this.#apply(part, moved))) {
        // What it was meant to say is unknown: all is asked for anew.
        this.#position = NO_POSITION;
        return false;
      }
      const handed = this.#hand(moved);
      if (part.entries.length > 0 && !moved.has(tenantId)) this.#options.changed?.(tenantId, part.entries);
      this.#write(part);
      await handed;
      return true;
    });
  }

  /**
   * The same, for a stream: `acknowledge` is called once it is in force, `fail` when it cannot be. Then all is to be asked
   * for anew, as nothing more comes on that stream.
   */
  async receive(message: BlockListMessage, acknowledge: () => void, fail: (reason: string) => void): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.take(message)) acknowledge();
      else fail('a part of the block lists is not what it should be; it is not in force');
    } catch (error) {
      log.error({ err: error }, 'workers could not be told of a block list');
      this.#position = NO_POSITION;
      fail('workers could not be told of a block list');
    }
  }

  /** Resolves when all is on disk that can be. */
  async flush(): Promise<void> {
    await this.#turn;
    await this.#file.flush();
  }

  get #now(): number {
    return Math.floor(this.#options.clock.wallTime() / 1_000);
  }

  async #read(): Promise<void> {
    const { clock, changed, log } = this.#options;
    const moved = new Set<string>();
    let handedAt = clock.now();
    for await (const part of this.#file.read()) {
      await this.#apply(part, moved);
      if (part.entries.length > 0 && !moved.has(part.tenantId)) changed?.(part.tenantId, part.entries);
      if (clock.now() - handedAt < HANDING) continue;
      await this.#hand(moved);
      moved.clear();
      handedAt = clock.now();
    }
    await this.#hand(moved);
    if (this.#file.isBroken) this.#rewrite(this.entries);
    if (this.#tables.size > 0) log.info({ entries: this.entries }, 'block lists on disk are in force');
  }

  /** `moved`: tenants whose tables lie elsewhere from here on. */
  async #apply({ reset, position, tenantId, entries }: BlockListPart, moved: Set<string>): Promise<boolean> {
    const more = { 4: 0, 6: 0 };
    const isWhole = readEntries(entries, (key, _length, until) => {
      if (until !== GONE) more[key.length === 1 ? 4 : 6]++;
    });
    if (!isWhole) return false;
    if (reset) {
      // The kernel may have a deny list of which nothing is known here.
      for (const known of new Set([...Object.values(DENY_LISTS), ...this.#tables.keys()])) {
        this.#tables.set(known, this.#newTable(known));
        moved.add(known);
      }
      this.#written = 0;
    }
    if (entries.length > 0) {
      const now = this.#now;
      // Whoever is always allowed is so before anybody is denied.
      if (tenantId === DENY_LISTS.denied) this.#tableOf(DENY_LISTS.allowed, moved);
      const table = this.#tableOf(tenantId, moved);
      for (const family of [4, 6] as const) {
        if (await inSteps(table.makeRoom(family, more[family], now))) moved.add(tenantId);
      }
      const isFirst = table.isUnused;
      readEntries(entries, (key, length, until) => {
        this.#written++;
        table.put(key, length, until, now);
      });
      if (tenantId === DENY_LISTS.denied) {
        // Workers are not to ask where nobody is denied: they are told of the first, and given another table after the last.
        const isLast = more[4] + more[6] === 0 && table.count(now) === 0;
        if (isLast) this.#tables.set(tenantId, this.#newTable(tenantId));
        if (isFirst || isLast) moved.add(tenantId);
      }
    }
    this.#position = position;
    return true;
  }

  #tableOf(name: string, moved: Set<string>): BlockTable {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = this.#newTable(name);
    this.#tables.set(name, table);
    moved.add(name);
    return table;
  }

  #newTable(name: string): BlockTable {
    const table = new BlockTable({ seed: Math.floor(this.#options.random() * 2 ** 32), isShared: true });
    if (name !== DENY_LISTS.allowed) return table;
    for (const { key, length } of ALWAYS_ALLOWED.map((text) => networkKey(text)!)) table.put(key, length, FOR_EVER, 0);
    return table;
  }

  async #hand(moved: ReadonlySet<string>): Promise<void> {
    if (moved.size === 0) return;
    const blockLists = new Map([...moved].map((tenantId) => [tenantId, this.#tables.get(tenantId)!.memory]));
    await this.#options.engine.apply({ shared: new Map(), services: new Map(), listeners: new Map(), blockLists });
  }

  #write(part: BlockListPart): void {
    if (part.position.version > 0 && this.#written > this.#countAt) {
      const { entries } = this;
      this.#countAt = 2 * entries + SPARE;
      if (this.#written > this.#countAt) {
        this.#rewrite(entries);
        return;
      }
    }
    const now = this.#options.clock.now();
    if (!part.reset && this.#file.isBroken && now >= this.#nextMending) {
      this.#nextMending = now + MENDING;
      this.#rewrite(this.entries);
    } else this.#file.append(part);
  }

  #rewrite(entries: number): void {
    this.#written = entries;
    this.#file.replace(this.#parts(this.#position));
  }

  /** Read while later parts are taken in: those are behind it in the file, and say the same again. */
  *#parts(position: BlockListPosition): Generator<BlockListPart> {
    const nothing = new Uint8Array();
    yield { reset: true, position: NO_POSITION, tenantId: '', entries: nothing };
    const now = this.#now;
    for (const [tenantId, table] of [...this.#tables]) {
      const writer = new EntryWriter();
      for (const prefixes of [table.table(4), table.table(6)]) {
        const { words, until } = prefixes.memory;
        const key = new Uint32Array(words);
        for (let slot = 0; slot < prefixes.slots; slot++) {
          if (until[slot]! <= now) continue;
          writer.add(key, prefixes.read(slot, key), until[slot]!);
          if (writer.count * IPV4_ENTRY < PART_BYTES) continue;
          yield { reset: false, position: NO_POSITION, tenantId, entries: writer.take() };
        }
      }
      if (writer.count > 0) yield { reset: false, position: NO_POSITION, tenantId, entries: writer.take() };
    }
    yield { reset: false, position, tenantId: '', entries: nothing };
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** The same with a turn for others between two steps. */
async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turnOfOthers();
  }
}
