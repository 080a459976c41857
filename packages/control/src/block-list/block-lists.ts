import { setImmediate } from 'node:timers/promises';
import { EntryWriter, readEntries } from '@evenkeel/model/block-list/entries.ts';
import { type NetworkKey, networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { BLOCK_LIST } from '@evenkeel/model/limits.ts';
import {
  type BlockListPosition,
  DENY_LISTS,
  isOfInstallation,
  NO_POSITION,
  PART_BYTES,
} from '@evenkeel/model/plan/block-list.ts';
import type { BlockedSourceInput } from '@evenkeel/model/resources/block-list.ts';
import type { AuditMaker, NewAuditEntry } from '../audit/entry.ts';
import { ProblemError } from '../problem.ts';
import type { Store } from '../store/store.ts';
import { blockingTold, removalTold } from './change-told.ts';
import { additions, IPV4_ENTRY, type ListPart, removals } from './list-parts.ts';
import { type BlockListChange, readChanges, replaceChanges, saveChanges } from './persistence.ts';
import { RecentChanges } from './recent-changes.ts';
import { TenantList } from './tenant-list.ts';

/** The changes on disk are written anew when they are twice what is left of them, and so many entries besides. */
const SPARE = 65_536;
/** Rows that are read at a time, and entries after which others have the thread. */
const ROWS = 50;
const STEP = 16_384;

export interface BlockListsOptions {
  readonly store: Pick<Store, 'read' | 'record'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 … 1. */
  readonly random: () => number;
  /** Told when rows that say nothing any more could not be removed; it is tried again later. */
  readonly failed: (error: unknown) => void;
}

/** A change of several lists, with what the audit log has of it. */
export interface ListsChange {
  readonly parts: readonly ListPart[];
  readonly audit: NewAuditEntry | undefined;
}

/** What a tenant's list has, and what those of all tenants have together. */
export interface BlockListSize {
  readonly entries: number;
  readonly used: number;
}

/**
 * The block lists of all tenants. Entries are no part of the configuration: they have a table of their own, in which each
 * change is one row, and their own way to the agents. In memory they take 11 to 40 bytes each.
 */
export class BlockLists {
  readonly #options: BlockListsOptions;
  readonly #lists = new Map<string, TenantList>();
  readonly #recent = new RecentChanges();
  #position: BlockListPosition = NO_POSITION;
  /** Entries in rows on disk. */
  #onDisk = 0;
  /** So many there have to be before they are written anew. */
  #compactFrom = SPARE;
  /** One change after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #heard = new Set<() => void>();

  constructor(options: BlockListsOptions) {
    this.#options = options;
  }

  /** Reads everything anew, in steps: whoever takes over answers what it can meanwhile. Nobody else may write. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      this.#lists.clear();
      this.#recent.clear();
      this.#onDisk = 0;
      this.#compactFrom = SPARE;
      this.#position = NO_POSITION;
      let step = STEP;
      for (let after = -1; ; ) {
        const changes = await this.#options.store.read((db) => readChanges(db, after, ROWS));
        for (const change of changes) {
          this.#take(change);
          if (this.#onDisk < step) continue;
          step = this.#onDisk + STEP;
          await setImmediate();
        }
        if (changes.length < ROWS) break;
        after = changes.at(-1)!.version;
        await setImmediate();
      }
      this.#tell();
    });
  }

  /** Where the lists stand. */
  get position(): BlockListPosition {
    return this.#position;
  }

  /** `changed` is called after each change; returns how to end that. */
  listen(changed: () => void): () => void {
    this.#heard.add(changed);
    return () => this.#heard.delete(changed);
  }

  size(tenantId: string): BlockListSize {
    const now = this.#now;
    let used = 0;
    for (const [owner, list] of this.#lists) if (!isOfInstallation(owner)) used += list.count(now);
    return { entries: this.#lists.get(tenantId)?.count(now) ?? 0, used };
  }

  page(tenantId: string, from: number, limit: number) {
    return this.#lists.get(tenantId)?.page(from, limit, this.#now) ?? { items: [], next: null };
  }

  /** `address`: of the form that the API lets in. */
  lookUp(tenantId: string, address: string) {
    return this.#lists.get(tenantId)?.covering(networkKey(address)!, this.#now) ?? null;
  }

  /**
   * Resolves with how many entries there are then. Rejects with a ProblemError when there is no room for them: `most` is
   * the quota of the tenant. `audit` makes the entry of the audit log, here and below; without it there is none.
   */
  block(tenantId: string, entries: readonly BlockedSourceInput[], most: number, audit?: AuditMaker): Promise<number> {
    return this.#inTurn(async () => {
      const list = this.#lists.get(tenantId);
      const now = this.#now;
      this.#checkRoom(tenantId, entries, most, list, now);
      const added = entries.map(({ source, seconds = BLOCK_LIST.seconds.default, reason = '' }, i) => ({
        network: networkKey(source)!,
        until: seconds === null ? FOR_EVER : now + seconds,
        ...{ reason, field: `/entries/${i}/reason` },
      }));
      const parts = additions(tenantId, list, added, BLOCK_LIST.reasons, now);
      await this.#append(parts, audit && [audit(blockingTold(entries))]);
      return this.size(tenantId).entries;
    });
  }

  /**
   * Puts changes that were written before on top of a tenant's list, in their order; batches of them are read twice, and
   * none is held. Whether there is room is looked at first, in full; what fails after that was done in part, which is on
   * record, and can be done again. Resolves with how many entries there are more; of a dry run, how many there may be.
   */
  putBack(tenantId: string, rows: () => AsyncIterable<readonly BlockListChange[]>, how: PutBack) {
    const { most, dryRun, audit } = how;
    return this.#inTurn(async () => {
      const now = this.#now;
      let added = 0;
      const reasons = new Set<string>();
      for await (const { reason, entries } of ofTenant(tenantId, rows())) {
        const list = this.#lists.get(tenantId);
        if (list?.hasReason(reason) !== true) reasons.add(reason);
        const isWhole = readEntries(entries, (key, length, until) => {
          if (until > now && list?.has({ family: key.length === 1 ? 4 : 6, key, length }, now) !== true) added++;
        });
        if (!isWhole) throw new ProblemError('backup-damaged', 'the block list in the backup cannot be read');
      }
      this.#checkCount(tenantId, added, most);
      if ((this.#lists.get(tenantId)?.reasons ?? 0) + reasons.size > BLOCK_LIST.reasons) {
        this.#lists.get(tenantId)?.forgetReasons(now);
        if ((this.#lists.get(tenantId)?.reasons ?? 0) + reasons.size > BLOCK_LIST.reasons) {
          const limit = BLOCK_LIST.reasons;
          throw new ProblemError('quota-exceeded', `a block list has ${limit} reasons at most`, {
            quota: { name: 'blockListReasons', limit, used: this.#lists.get(tenantId)!.reasons },
          });
        }
      }
      if (dryRun) return added;
      const before = this.size(tenantId).entries;
      let entry = audit && [audit(added)];
      for await (const part of ofTenant(tenantId, rows())) {
        await this.#append([{ tenantId, ...part }], entry);
        entry = undefined;
      }
      if (entry !== undefined) await this.#append([], entry);
      return this.size(tenantId).entries - before;
    });
  }

  /** Resolves with how many of them were in the list. */
  unblock(tenantId: string, sources: readonly string[], audit?: AuditMaker): Promise<number> {
    return this.#inTurn(async () => {
      const list = this.#lists.get(tenantId);
      const now = this.#now;
      const keys = sources.map((source) => networkKey(source)!).filter((key) => list?.has(key, now));
      await this.#append(removals(tenantId, keys), audit && [audit(removalTold(keys))]);
      return keys.length;
    });
  }

  /** Resolves with how many entries there were. */
  clear(tenantId: string, audit?: AuditMaker): Promise<number> {
    return this.#inTurn(async () => {
      const keys = this.keysOf(tenantId);
      await this.#append(removals(tenantId, keys), audit && [audit(removalTold(keys))]);
      return keys.length;
    });
  }

  /** Everything in a list whose time is not over. */
  keysOf(tenantId: string): NetworkKey[] {
    return Array.from(this.#lists.get(tenantId)?.entries(this.#now) ?? [], ({ key, length }) => {
      return { family: key.length === 1 ? 4 : 6, key: key.slice(), length };
    });
  }

  /** A list as it is now, to be read; undefined: there is nothing in it. */
  list(tenantId: string): TenantList | undefined {
    return this.#lists.get(tenantId);
  }

  /** Changes several lists together, all or none. `plan` is asked when it is their turn, and may refuse. */
  change(plan: (now: number) => ListsChange): Promise<void> {
    return this.#inTurn(() => {
      const { parts, audit } = plan(this.#now);
      return this.#append(parts, audit && [audit]);
    });
  }

  /** Clears the lists of all other tenants. */
  async keepOnly(tenants: { has(tenantId: string): boolean }): Promise<void> {
    for (const [tenantId, list] of this.#lists) {
      if (isOfInstallation(tenantId) || tenants.has(tenantId)) continue;
      if (list.count(this.#now) > 0) await this.clear(tenantId);
    }
  }

  /** The change behind a position; null: there is none; `unknown`: the position is not known, or of another history. */
  behind(position: BlockListPosition): BlockListChange | null | 'unknown' {
    const { version, nonce } = this.#position;
    if (version === position.version && nonce === position.nonce) return null;
    return this.#recent.behind(position) ?? 'unknown';
  }

  /** Everything, in parts of a size that can be sent. What changes meanwhile may be in it or not. */
  *everything(): Generator<{ readonly tenantId: string; readonly entries: Uint8Array }> {
    // Those that are always allowed first: none of them is to be denied meanwhile.
    const names = new Set([DENY_LISTS.allowed, DENY_LISTS.denied, ...this.#lists.keys()]);
    for (const tenantId of names) {
      const writer = new EntryWriter();
      for (const { key, length, until } of this.#lists.get(tenantId)?.entries(this.#now) ?? []) {
        writer.add(key, length, until);
        if (writer.count * IPV4_ENTRY >= PART_BYTES) yield { tenantId, entries: writer.take() };
      }
      if (writer.count > 0) yield { tenantId, entries: writer.take() };
    }
  }

  get #now(): number {
    return Math.floor(this.#options.now() / 1_000);
  }

  #checkRoom(
    tenantId: string,
    entries: readonly BlockedSourceInput[],
    most: number,
    list: TenantList | undefined,
    now: number,
  ): void {
    const added = new Set<string>();
    for (const { source } of entries) {
      const network = networkKey(source)!;
      if (list?.has(network, now) !== true) added.add(`${network.key} ${network.length}`);
    }
    this.#checkCount(tenantId, added.size, most);
  }

  #checkCount(tenantId: string, added: number, most: number): void {
    if (added === 0) return;
    const { entries: own, used } = this.size(tenantId);
    if (own + added > most) {
      const detail = `blockListEntries is limited to ${most}, and ${own} are there`;
      throw new ProblemError('quota-exceeded', detail, { quota: { name: 'blockListEntries', limit: most, used: own } });
    }
    const limit = BLOCK_LIST.entries;
    if (used + added <= limit) return;
    // How many others have is nothing to a tenant.
    throw new ProblemError('quota-exceeded', `the block lists of all tenants have ${limit} entries at most together`, {
      quota: { name: 'blockListEntriesOfAll', limit, used: own },
    });
  }

  /** On disk first, with what the audit log has of it, then in memory and to the agents. */
  async #append(parts: readonly ListPart[], audit: readonly NewAuditEntry[] = []): Promise<void> {
    const { store } = this.#options;
    if (parts.length === 0 && audit.length === 0) return;
    let { version } = this.#position;
    const changes = parts.map((part) => ({ version: ++version, nonce: this.#nonce(), ...part }));
    await store.record((trx) => saveChanges(trx, changes), audit);
    if (changes.length === 0) return;
    for (const change of changes) this.#take(change);
    this.#tell();
    // The change is made, whatever becomes of this.
    await this.#compact().catch((error) => {
      this.#compactFrom = this.#onDisk + SPARE;
      this.#options.failed(error);
    });
  }

  #take(change: BlockListChange): void {
    const { version, nonce, tenantId, reason, entries } = change;
    this.#position = { version, nonce };
    // The last of those that were written anew, which says no more than where they stand.
    if (entries.length === 0) return;
    let list = this.#lists.get(tenantId);
    if (list === undefined) {
      list = new TenantList(Math.floor(this.#options.random() * 2 ** 32));
      this.#lists.set(tenantId, list);
    }
    const now = this.#now;
    readEntries(entries, (key, length, until) => {
      this.#onDisk++;
      list.put({ key, length }, until, reason, now);
    });
    this.#recent.add(change);
  }

  /** Rows that say nothing any more make room: all are written anew, under the numbers of the first of them. */
  async #compact(): Promise<void> {
    if (this.#onDisk <= this.#compactFrom) return;
    const now = this.#now;
    let live = 0;
    for (const list of this.#lists.values()) live += list.count(now);
    if (this.#onDisk <= 2 * live + SPARE) return;
    const rows: BlockListChange[] = [];
    for (const [tenantId, list] of this.#lists) {
      const writers = new Map<string, EntryWriter>();
      const flush = (reason: string, entries: Uint8Array) =>
        rows.push({ version: rows.length + 1, nonce: this.#nonce(), tenantId, reason, entries });
      for (const { key, length, until, reason } of list.entries(now)) {
        const writer = writers.get(reason) ?? new EntryWriter();
        writers.set(reason, writer);
        writer.add(key, length, until);
        if (writer.count * IPV4_ENTRY >= PART_BYTES) flush(reason, writer.take());
      }
      for (const [reason, writer] of writers) if (writer.count > 0) flush(reason, writer.take());
    }
    const { version, nonce } = this.#position;
    // The numbers go on from here; what they are written under has to come before that.
    const numbered = rows.map((row, i) => ({ ...row, version: version - rows.length + i }));
    const last = { version, nonce, tenantId: rows.at(-1)?.tenantId ?? '', reason: '', entries: new Uint8Array() };
    await this.#options.store.record((trx) => replaceChanges(trx, [...numbered, last]));
    this.#onDisk = live;
    this.#compactFrom = SPARE;
  }

  #nonce(): string {
    return Math.floor(this.#options.random() * 2 ** 52).toString(36);
  }

  #tell(): void {
    for (const changed of this.#heard) changed();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }
}

export interface PutBack {
  /** Entries that the tenant may have. */
  readonly most: number;
  /** Only looks. */
  readonly dryRun: boolean;
  /** Makes the entry of the audit log; `added`: how many entries there may be more. */
  readonly audit?: (added: number) => NewAuditEntry;
}

/** The changes of one tenant, each with something in it. */
async function* ofTenant(tenantId: string, batches: AsyncIterable<readonly BlockListChange[]>) {
  for await (const batch of batches) {
    for (const { tenantId: owner, reason, entries } of batch) {
      if (owner === tenantId && entries.length > 0) yield { reason, entries };
    }
    // Others have the thread.
    await setImmediate();
  }
}
