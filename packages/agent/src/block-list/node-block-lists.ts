import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { EntryWriter, readEntries } from '@evenkeel/model/block-list/entries.ts';
import {
  type BlockListMessage,
  type BlockListPosition,
  NO_POSITION,
  PART_BYTES,
} from '@evenkeel/model/plan/block-list.ts';
import type { EngineChange } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import { BlockListFile, type BlockListPart } from './block-list-file.ts';

/** The file is written anew when it has twice as many entries as there are left, and so many besides. */
const SPARE = 65_536;
const IPV4_ENTRY = 10;

export interface NodeBlockListsOptions {
  readonly path: string;
  readonly engine: { apply(change: EngineChange): Promise<unknown> };
  /** Told of changes in memory that the engine has. */
  readonly changed?: (tenantId: string, entries: Uint8Array) => void;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
  /** 0 … 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * The block lists of all tenants on this node: in memory that traffic workers read, and in a file, so that they are in
 * force before the control plane is reached. This thread alone writes them.
 */
export class NodeBlockLists {
  readonly #options: NodeBlockListsOptions;
  readonly #file: BlockListFile;
  readonly #tables = new Map<string, BlockTable>();
  #position: BlockListPosition = NO_POSITION;
  /** Entries in the file. */
  #written = 0;

  constructor(options: NodeBlockListsOptions) {
    this.#options = options;
    this.#file = new BlockListFile(options.path, options.log);
  }

  /** What is in force, for the control plane to go on from. */
  get position(): BlockListPosition {
    return this.#position;
  }

  /** Entries that are in force. */
  get entries(): number {
    let entries = 0;
    for (const table of this.#tables.values()) entries += table.count(this.#now);
    return entries;
  }

  /** Brings what is on disk into force. */
  async load(): Promise<void> {
    const changed = new Set<string>();
    for await (const part of this.#file.read()) this.#apply(part, changed);
    if (this.#tables.size > 0) this.#options.log.info({ entries: this.entries }, 'block lists on disk are in force');
    await this.#hand(changed);
  }

  /** Takes a part in; resolves when workers judge by it. False: it is not what it should be, and is not in force. */
  async take({ reset, position, tenantId, entries }: BlockListMessage): Promise<boolean> {
    const part = { reset, position, tenantId, entries: Buffer.from(entries, 'base64') };
    const changed = new Set<string>();
    if (!this.#apply(part, changed)) {
      // What it was meant to say is unknown: all is asked for anew.
      this.#position = NO_POSITION;
      return false;
    }
    const handed = this.#hand(changed);
    if (part.entries.length > 0 && !changed.has(tenantId)) this.#options.changed?.(tenantId, part.entries);
    if (this.#written > 2 * this.entries + SPARE && position.version > 0) this.#rewrite();
    else this.#file.append(part);
    await handed;
    return true;
  }

  /** The same, for a stream: `acknowledge` is called once it is in force. Without that, nothing more comes until it is opened anew. */
  async receive(message: BlockListMessage, acknowledge: () => void): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.take(message)) acknowledge();
      else log.error('a part of the block lists is not what it should be; it is not in force');
    } catch (error) {
      log.error({ err: error }, 'workers could not be told of a block list');
    }
  }

  /** Resolves when all is on disk that can be. */
  flush(): Promise<void> {
    return this.#file.flush();
  }

  get #now(): number {
    return Math.floor(this.#options.wallTime() / 1_000);
  }

  /** `changed`: tenants whose tables lie elsewhere. */
  #apply({ reset, position, tenantId, entries }: BlockListPart, changed: Set<string>): boolean {
    if (reset) {
      for (const known of this.#tables.keys()) {
        this.#tables.set(known, this.#newTable());
        changed.add(known);
      }
      this.#written = 0;
    }
    const now = this.#now;
    let isWhole = true;
    if (entries.length > 0) {
      const known = this.#tables.get(tenantId);
      const table = known ?? this.#newTable();
      if (known === undefined) {
        this.#tables.set(tenantId, table);
        changed.add(tenantId);
      }
      isWhole = readEntries(entries, (key, length, until) => {
        this.#written++;
        if (table.put(key, length, until, now)) changed.add(tenantId);
      });
    }
    if (isWhole) this.#position = position;
    return isWhole;
  }

  #newTable(): BlockTable {
    return new BlockTable({ seed: Math.floor(this.#options.random() * 2 ** 32), isShared: true });
  }

  async #hand(changed: ReadonlySet<string>): Promise<void> {
    if (changed.size === 0) return;
    const blockLists = new Map([...changed].map((tenantId) => [tenantId, this.#tables.get(tenantId)!.memory]));
    await this.#options.engine.apply({ shared: new Map(), services: new Map(), listeners: new Map(), blockLists });
  }

  #rewrite(): void {
    this.#written = this.entries;
    this.#file.replace(this.#parts());
  }

  *#parts(): Generator<BlockListPart> {
    const nothing = new Uint8Array();
    yield { reset: true, position: NO_POSITION, tenantId: '', entries: nothing };
    const now = this.#now;
    for (const [tenantId, table] of this.#tables) {
      const writer = new EntryWriter();
      for (const family of [4, 6] as const) {
        const { memory, slots } = table.table(family);
        const key = new Uint32Array(memory.words);
        for (let slot = 0; slot < slots; slot++) {
          if (memory.until[slot]! <= now) continue;
          writer.add(key, table.table(family).read(slot, key), memory.until[slot]!);
          if (writer.count * IPV4_ENTRY < PART_BYTES) continue;
          yield { reset: false, position: NO_POSITION, tenantId, entries: writer.take() };
        }
      }
      if (writer.count > 0) yield { reset: false, position: NO_POSITION, tenantId, entries: writer.take() };
    }
    yield { reset: false, position: this.#position, tenantId: '', entries: nothing };
  }
}
