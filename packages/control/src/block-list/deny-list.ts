import { type NetworkKey, networkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { DENY_LIST } from '@evenkeel/model/deny-list-limits.ts';
import { ALWAYS_ALLOWED, DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import type { DenyAction, DenyEntryInput } from '@evenkeel/model/resources/deny-list.ts';
import type { AuditMaker } from '../audit/entry.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { BlockLists } from './block-lists.ts';
import { denyingTold, removalTold } from './change-told.ts';
import { additions, type ListPart, removals } from './list-parts.ts';
import type { ListedSource } from './tenant-list.ts';

const LIST_OF: Readonly<Record<DenyAction, string>> = { deny: DENY_LISTS.denied, allow: DENY_LISTS.allowed };
const OTHER: Readonly<Record<DenyAction, DenyAction>> = { deny: 'allow', allow: 'deny' };
const LOOPBACK = ALWAYS_ALLOWED.map((text) => networkKey(text)!);

export type ListedDenial = ListedSource & { readonly action: DenyAction };

/** Entries in force that are single addresses, those that are larger, and of both those that allow. */
export interface DenyListSize {
  readonly addresses: number;
  readonly networks: number;
  readonly allowed: number;
}

/** A place in the pages of the list. */
export interface DenyListPlace {
  readonly action: DenyAction;
  readonly place: number;
}

interface Wanted {
  readonly network: NetworkKey;
  readonly action: DenyAction;
  readonly until: number;
  readonly reason: string;
  readonly field: string;
}

/**
 * The deny list of the installation, kept as two block lists of no tenant: who is denied, and who is allowed whatever
 * denies him. A source is in one of the two at most.
 */
export class DenyList {
  readonly #lists: BlockLists;
  /** Milliseconds since 1970. */
  readonly #wallTime: () => number;

  constructor(lists: BlockLists, wallTime: () => number) {
    this.#lists = lists;
    this.#wallTime = wallTime;
  }

  get version(): number {
    return this.#lists.position.version;
  }

  size(): DenyListSize {
    return this.#sizeAt(this.#now);
  }

  /** `next`: null: that was all. */
  page({ action, place }: DenyListPlace, limit: number): { items: ListedDenial[]; next: DenyListPlace | null } {
    const page = this.#lists.page(LIST_OF[action], place, limit);
    const isLast = action === 'allow' || this.size().allowed === 0;
    const after = isLast ? null : ({ action: 'allow', place: 0 } as const);
    return {
      items: page.items.map((item) => ({ ...item, action })),
      next: page.next === null ? after : { action, place: page.next },
    };
  }

  /** What decides about an address of the form that the API lets in; null: nothing does. */
  lookUp(address: string): ListedDenial | null {
    for (const action of ['allow', 'deny'] as const) {
      const found = this.#lists.lookUp(LIST_OF[action], address);
      if (found !== null) return { ...found, action };
    }
    return null;
  }

  /** All of them or none. Rejects with a ProblemError when there is no room, or one makes no sense. */
  async put(entries: readonly DenyEntryInput[], audit?: AuditMaker): Promise<void> {
    await this.#lists.change((now) => {
      const wanted = read(entries, now);
      this.#checkRoom(wanted, now);
      // Who is to be allowed is so before he is denied no longer, and the other way round.
      const added = (['allow', 'deny'] as const).flatMap((action) => this.#additions(action, wanted, now));
      return { parts: [...added, ...this.#moved(wanted, now)], audit: audit?.(denyingTold(entries)) };
    });
  }

  /** Resolves with how many of them were in the list. */
  async remove(sources: readonly string[], audit?: AuditMaker): Promise<number> {
    const keys = new Map(sources.map((source) => [networkText(networkKey(source)!), networkKey(source)!]));
    return this.#remove(
      (name, now) => [...keys.values()].filter((key) => this.#lists.list(name)?.has(key, now)),
      audit,
    );
  }

  /** Resolves with how many entries there were. */
  clear(audit?: AuditMaker): Promise<number> {
    return this.#remove((name) => this.#lists.keysOf(name), audit);
  }

  async #remove(keysIn: (name: string, now: number) => readonly NetworkKey[], audit?: AuditMaker): Promise<number> {
    let removed: readonly NetworkKey[] = [];
    await this.#lists.change((now) => {
      const [denied, allowed] = [keysIn(DENY_LISTS.denied, now), keysIn(DENY_LISTS.allowed, now)];
      removed = [...denied, ...allowed];
      const parts = [...removals(DENY_LISTS.denied, denied), ...removals(DENY_LISTS.allowed, allowed)];
      return { parts, audit: audit?.(removalTold(removed)) };
    });
    return removed.length;
  }

  get #now(): number {
    return Math.floor(this.#wallTime() / 1_000);
  }

  #sizeAt(now: number): DenyListSize {
    const [denied, allowed] = [this.#lists.list(DENY_LISTS.denied), this.#lists.list(DENY_LISTS.allowed)];
    const all = (denied?.count(now) ?? 0) + (allowed?.count(now) ?? 0);
    const networks = (denied?.countNetworks(now) ?? 0) + (allowed?.countNetworks(now) ?? 0);
    return { addresses: all - networks, networks, allowed: allowed?.count(now) ?? 0 };
  }

  #checkRoom(wanted: readonly Wanted[], now: number): void {
    const more = { addresses: 0, networks: 0 };
    for (const { network } of wanted) {
      const isThere = Object.values(LIST_OF).some((name) => this.#lists.list(name)?.has(network, now) === true);
      if (!isThere) more[network.length === 32 * network.key.length ? 'addresses' : 'networks']++;
    }
    const used = this.#sizeAt(now);
    for (const [kind, name] of [
      ['addresses', 'denyListAddresses'],
      ['networks', 'denyListNetworks'],
    ] as const) {
      const limit = DENY_LIST[kind];
      if (more[kind] === 0 || used[kind] + more[kind] <= limit) continue;
      const detail = `the deny list has ${limit} ${kind} at most, and ${used[kind]} are there`;
      throw new ProblemError('quota-exceeded', detail, { quota: { name, limit, used: used[kind] } });
    }
  }

  #additions(action: DenyAction, wanted: readonly Wanted[], now: number): ListPart[] {
    const name = LIST_OF[action];
    const own = wanted.filter((entry) => entry.action === action);
    return additions(name, this.#lists.list(name), own, DENY_LIST.notes, now);
  }

  /** What is in the other list leaves it. */
  #moved(wanted: readonly Wanted[], now: number): ListPart[] {
    return (['deny', 'allow'] as const).flatMap((action) => {
      const name = LIST_OF[OTHER[action]];
      const list = this.#lists.list(name);
      const moved = wanted.filter((entry) => entry.action === action && list?.has(entry.network, now) === true);
      return removals(
        name,
        moved.map(({ network }) => network),
      );
    });
  }
}

/** `now`: seconds since 1970. Refuses what is there twice, and loopback. */
function read(entries: readonly DenyEntryInput[], now: number): Wanted[] {
  const known = new Set<string>();
  return entries.map(({ source, action = 'deny', seconds = null, note = '' }, i) => {
    const network = networkKey(source)!;
    const field = `/entries/${i}/source`;
    if (isLoopback(network)) refuseField('validation-failed', field, 'loopback is always allowed');
    const name = networkText(network);
    if (known.has(name)) refuseField('validation-failed', field, 'is there twice');
    known.add(name);
    const until = seconds === null ? FOR_EVER : now + seconds;
    return { network, action, until, reason: note, field: `/entries/${i}/note` };
  });
}

function isLoopback({ key, length }: NetworkKey): boolean {
  return LOOPBACK.some((block) => {
    if (block.key.length !== key.length || block.length > length) return false;
    return block.key.every((word, i) => {
      const bits = Math.min(32, Math.max(0, block.length - 32 * i));
      return bits === 0 || (key[i]! ^ word) >>> (32 - bits) === 0;
    });
  });
}
