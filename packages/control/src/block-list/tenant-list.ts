import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { type NetworkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';

export interface ListedSource {
  readonly source: string;
  /** Seconds since 1970; null: never. */
  readonly until: number | null;
  readonly reason: string;
}

const FAMILIES = [4, 6] as const;
/** Slots that are looked at for one page. */
const LOOKED_AT = 65_536;

/** The block list of one tenant: its entries, and the reason of each. */
export class TenantList {
  readonly #table: BlockTable;
  /** By family and slot: the index of the reason. */
  readonly #reasonOf = { 4: new Uint16Array(0), 6: new Uint16Array(0) };
  #reasons: string[] = [];
  readonly #indexes = new Map<string, number>();
  /** Entries whose time is not over at a second, and networks among them, counted once in each. */
  readonly #counted = { at: -1, live: 0, networks: 0 };

  constructor(seed: number) {
    this.#table = new BlockTable({ seed, isShared: false });
    for (const family of FAMILIES) this.#reasonOf[family] = new Uint16Array(this.#table.table(family).slots);
  }

  /** Different reasons of entries. */
  get reasons(): number {
    return this.#reasons.length;
  }

  hasReason(reason: string): boolean {
    return this.#indexes.has(reason);
  }

  count(now: number): number {
    return this.#countedAt(now).live;
  }

  /** Entries that are larger than one address. */
  countNetworks(now: number): number {
    return this.#countedAt(now).networks;
  }

  put({ key, length }: Pick<NetworkKey, 'key' | 'length'>, until: number, reason: string, now: number): void {
    const family = key.length === 1 ? 4 : 6;
    const wasLive = this.#isLive(family, this.#table.table(family).find(key, length), now);
    const moves: [number, number][] = [];
    if (this.#table.put(key, length, until, now, (from, to) => moves.push([from, to]))) {
      const before = this.#reasonOf[family];
      const after = new Uint16Array(this.#table.table(family).slots);
      for (const [from, to] of moves) after[to] = before[from]!;
      this.#reasonOf[family] = after;
    }
    const slot = this.#table.table(family).find(key, length);
    if (slot >= 0) this.#reasonOf[family][slot] = this.#indexOf(reason);
    if (this.#counted.at !== now) return;
    const more = Number(this.#isLive(family, slot, now)) - Number(wasLive);
    this.#counted.live += more;
    if (length < 32 * key.length) this.#counted.networks += more;
  }

  has({ family, key, length }: NetworkKey, now: number): boolean {
    return this.#isLive(family, this.#table.table(family).find(key, length), now);
  }

  /** Reasons that no entry has any more make room for others. */
  forgetReasons(now: number): void {
    const before = this.#reasons;
    this.#reasons = [];
    this.#indexes.clear();
    for (const family of FAMILIES) {
      const { until } = this.#table.table(family).memory;
      const reasonOf = this.#reasonOf[family];
      for (let slot = 0; slot < until.length; slot++) {
        if (until[slot]! > now) reasonOf[slot] = this.#indexOf(before[reasonOf[slot]!]!);
      }
    }
  }

  /** The longest block whose time is not over that the address is in. */
  covering({ family, key }: NetworkKey, now: number): ListedSource | null {
    const slot = this.#table.table(family).covering(key, now);
    return slot < 0 ? null : this.#listed(family, slot);
  }

  /**
   * Entries from a place on, and the place behind them; null: that was all. Places are slots, of IPv4 first. A page ends
   * after so many of them, whatever was found: a table whose entries are over is walked in several.
   */
  page(from: number, limit: number, now: number): { items: ListedSource[]; next: number | null } {
    const v4 = this.#table.table(4).slots;
    const all = v4 + this.#table.table(6).slots;
    const items: ListedSource[] = [];
    let place = from;
    for (const end = Math.min(all, from + LOOKED_AT); place < end && items.length < limit; place++) {
      const family = place < v4 ? 4 : 6;
      const slot = place < v4 ? place : place - v4;
      if (this.#isLive(family, slot, now)) items.push(this.#listed(family, slot));
    }
    return { items, next: place < all ? place : null };
  }

  /** All entries whose time is not over. `key` is overwritten by the next one. */
  *entries(now: number): Generator<{ readonly key: Uint32Array; length: number; until: number; reason: string }> {
    for (const family of FAMILIES) {
      const table = this.#table.table(family);
      const key = new Uint32Array(table.memory.words);
      for (let slot = 0; slot < table.slots; slot++) {
        const until = table.memory.until[slot]!;
        if (until <= now) continue;
        const length = table.read(slot, key);
        yield { key, length, until, reason: this.#reasons[this.#reasonOf[family][slot]!]! };
      }
    }
  }

  #countedAt(now: number): { readonly live: number; readonly networks: number } {
    if (this.#counted.at !== now) {
      this.#counted.live = this.#table.count(now);
      this.#counted.networks = this.#table.table(4).countNetworks(now) + this.#table.table(6).countNetworks(now);
      this.#counted.at = now;
    }
    return this.#counted;
  }

  #isLive(family: 4 | 6, slot: number, now: number): boolean {
    return slot >= 0 && this.#table.table(family).memory.until[slot]! > now;
  }

  #listed(family: 4 | 6, slot: number): ListedSource {
    const table = this.#table.table(family);
    const key = new Uint32Array(table.memory.words);
    const length = table.read(slot, key);
    const until = table.memory.until[slot]!;
    const reason = this.#reasons[this.#reasonOf[family][slot]!]!;
    return { source: networkText({ family, key, length }), until: until === FOR_EVER ? null : until, reason };
  }

  #indexOf(reason: string): number {
    const known = this.#indexes.get(reason);
    if (known !== undefined) return known;
    this.#indexes.set(reason, this.#reasons.length);
    return this.#reasons.push(reason) - 1;
  }
}
